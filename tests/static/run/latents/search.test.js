import assert from "../../assert.js";
import { fits, indexIn, latentsOf, nothingAt } from "/static/run/latents/search.js";

const DICTIONARIES = [{ id: "a", layer: 2, d_sae: 514 }, { id: "b", layer: 3, d_sae: 514 }, {
  id: "c",
  layer: 3,
  d_sae: 8,
}];

Deno.test("an index is read however it is written, and a name is none", () => {
  for (const text of ["L3 #4", "l3#4", "3/4", "layer 3, 4", " 3:4 "]) {
    assert.deepEqual(indexIn(text), { layer: 3, latent: 4 }, text);
  }
  assert.deepEqual([indexIn("#12"), indexIn("12")], [{ layer: null, latent: 12 }, { layer: null, latent: 12 }]);
  assert.equal(indexIn("known entity"), null);
});

Deno.test("an index means that latent wherever there is one", () => {
  const where = (index) => latentsOf(index, DICTIONARIES).map(({ dictionary }) => dictionary);
  assert.deepEqual(where({ layer: 3, latent: 4 }), ["b", "c"]);
  assert.deepEqual(where({ layer: null, latent: 12 }), ["a", "b"]);
  assert.ok(nothingAt({ layer: 9, latent: 0 }, DICTIONARIES).includes("Layers 2, 3"));
  assert.ok(nothingAt({ layer: 3, latent: 999 }, DICTIONARIES).includes("0 to 513"));
});

Deno.test("words find what begins with each of them, in any order", () => {
  assert.ok(fits("ent kno", ["Known entity", null]));
  assert.ok(!fits("tity", ["Known entity"]));
});
