import assert from "../../assert.js";
import { fitting } from "/static/run/map/heat.js";

const of = (values, side = "baseline") => values.map((value) => ({ side, value }));

Deno.test("a number of the map stays within its cell, or none is printed", () => {
  const read = of([8.47, 18.9, 4.3]);
  assert.deepEqual(fitting(read, 40), ["8.47", "18.9", "4.30"]);
  assert.deepEqual(fitting(read, 28), ["8.5", "19", "4.3"]);
  assert.deepEqual(fitting(read, 24), []);
  assert.deepEqual(fitting(of([18.9], "difference"), 28), ["+19"]);
  assert.deepEqual(fitting(of([0.123, 133]), 40), ["0.12", "133"]);
  assert.deepEqual(fitting(of([0.123, 133]), 32), []);
});
