import assert from "../../assert.js";
import { fine, stepped } from "/static/run/steering/stops.js";

const STOPS = [-2, -1, 0, 0.25];

Deno.test("a step goes to the next stop that way, several to the one so far, and never past the last", () => {
  assert.deepEqual(
    [[0, 1], [-0.4, -1], [-2, 4], [0.25, 1], [-2, 2]].map(([x, n]) => stepped(STOPS, x, n)),
    [0.25, -1, 0.25, 0.25, 0],
  );
});

Deno.test("a fine step is a tenth of the gap ahead, and goes on beyond the last stop", () => {
  assert.deepEqual(
    [fine(STOPS, 0, 1), fine(STOPS, 0, -1), fine(STOPS, -1.04), fine(STOPS, 3, 1), fine([1], 1, 1)],
    [0.025, -0.1, -1, 3.025, 1],
  );
});
