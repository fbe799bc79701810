import { inExplore, sliderOf } from "/static/circuit/in_explore.js";
import assert from "../assert.js";
import { graphOf } from "./frames.js";

const DICTIONARY = { id: "res/layer_2", layer: 2 };
const NODE = { kind: "sae", layer: 2, index: 1 };

const graph = () => {
  const made = graphOf();
  return { ...made, start: { ...made.start, dictionaries: [DICTIONARY] } };
};

Deno.test("a node's slider is the one that the model's card names, and none by itself", () => {
  const target = { kind: "latent", dictionary: "res/layer_2", latent: 1 };
  const card = { directions: [{ target, role: "unknown", label: "Unknown entity" }] };
  assert.equal(sliderOf(graph(), card, NODE), "Unknown entity");
  assert.equal(sliderOf(graph(), card, { ...NODE, index: 2 }), null);
  assert.equal(sliderOf(graph(), null, NODE), null);
  assert.equal(sliderOf(graph(), card, { ...NODE, kind: "mlp" }), null);
});

Deno.test("a node leads to its latent under its own side's prompt, and an error nowhere", () => {
  const made = graph();
  assert.ok(inExplore(made, "b", NODE).includes(encodeURIComponent("res/layer_2")));
  assert.notEqual(inExplore(made, "a", NODE), inExplore(made, "b", NODE));
  assert.equal(inExplore(made, "a", { kind: "error", layer: 2, index: 0 }), null);
  assert.equal(inExplore(made, "a", { ...NODE, layer: 4 }), null);
});

Deno.test("a neuron leads to a slider that scales it, beside the model's own", () => {
  const card = { directions: [], watch: [], examples: [] };
  const asked = decodeURIComponent(inExplore(graph(), "a", { kind: "mlp", layer: 2, index: 7 }, card));
  assert.ok(asked.includes('"kind":"neuron","layer":2,"index":7'.replaceAll(" ", "+")));
  assert.ok(asked.includes('"mode":"scale"') && asked.includes('"unit":"factor"'));
});
