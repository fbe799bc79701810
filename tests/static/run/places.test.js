import assert from "../assert.js";
import { placesOf, stretches, toggled } from "/static/run/places.js";

const START = {
  tokens: ["bos", "template", "text", "entity", "entity", "text", "template"].map((role) => ({ role })),
  entity: { start: 3, end: 5 },
};
const at = (scope, positions = []) => placesOf({ scope, positions }, START);

Deno.test("a scope means the tokens that the worker steers, BOS never", () => {
  assert.deepEqual(at("last_entity"), [4]);
  assert.deepEqual(at("entity"), [3, 4]);
  assert.deepEqual(at("entity_to_end"), [3, 4, 5, 6]);
  assert.deepEqual(at("last_entity_to_end"), [4, 5, 6]);
  assert.deepEqual(at("last_prompt"), [6]);
  assert.deepEqual(at("prompt"), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(at("positions", [0, 2, 9]), [2]);
});

Deno.test("a token goes in and out, and out of the last one the named scope comes back", () => {
  const entity = { scope: "entity", positions: [], generated: false };
  const more = toggled(entity, 5, START, "entity");
  assert.deepEqual(more, { scope: "positions", positions: [3, 4, 5] });
  assert.deepEqual(toggled({ ...entity, ...more }, 4, START, "entity").positions, [3, 5]);
  assert.deepEqual(toggled({ ...entity, scope: "last_entity" }, 4, START, "entity"), { scope: "entity" });
});

Deno.test("neighbours are one stretch", () => {
  assert.deepEqual(stretches([13, 8, 10, 9]), [[8, 10], [13, 13]]);
  assert.deepEqual(stretches([]), []);
});
