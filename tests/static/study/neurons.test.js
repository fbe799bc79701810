import assert from "../assert.js";
import { asNode, asSlider } from "/static/study/neurons/links.js";
import { isStable, legendWords } from "/static/study/neurons/map.js";
import { dialOf } from "/static/study/neurons/records.js";
import { readFragment } from "/static/run/fragment.js";
import { readCircuit } from "/static/parts/circuit_address.js";

const CARD = {
  directions: [],
  watch: [],
  examples: [[{ role: "known", prompt: "A?" }, { role: "unknown", story: "unknown", prompt: "B?" }]],
};

Deno.test("a neuron is a slider that scales it everywhere, several are one set with its name", () => {
  const [one] = readFragment(new URL(asSlider([[2, 7]], "L2 7", CARD), "http://x").hash).sliders;
  assert.deepEqual(one.target, { kind: "neuron", layer: 2, index: 7 });
  assert.deepEqual([one.mode, one.unit, one.scope, one.generated], ["scale", "factor", "prompt", true]);
  const [set] = readFragment(new URL(asSlider([[2, 7], [3, 1]], "mine", CARD), "http://x").hash).sliders;
  assert.deepEqual(set.target, { kind: "neurons", neurons: [[2, 7], [3, 1]], name: "mine" });
});

Deno.test("a neuron is a node of a circuit of the card's examples by neurons, where it has examples", () => {
  const { request, chosen } = readCircuit(new URL(asNode([2, 7], CARD), "http://x").hash);
  assert.deepEqual([request.prompt, request.beside.prompt, request.basis], ["A?", "B?", "neurons"]);
  assert.equal(chosen.select, "mlp:2:7");
  assert.equal(asNode([2, 7], null), null);
});

Deno.test("the dial has themselves and the range of random sets at each factor, groups apart", () => {
  const names = ["set and group", "factor", "whose", "outcome", "prompts", "share", "low", "high"];
  const rows = [
    ["H: recalled", "×0", "themselves", "right", 60, 0.9, 0.8, 1],
    ["H: recalled, random sets", "×0", "random", "right", 60, 0.95, 0.9, 0.97],
    ["H: recalled", "×1", "themselves", "right", 60, 0.92, 0.8, 1],
    ["H: unknown", "×0", "themselves", "refused", 50, 1, 0.9, 1],
  ];
  const figure = { columns: names.map((name) => ({ name })), rows };
  const [recalled, unknown] = dialOf({ figures: new Map([["dial", figure]]) });
  assert.deepEqual(recalled.factors, [0, 1]);
  assert.deepEqual(recalled.at.get("right").get(0), { share: 0.9, low: 0.8, high: 1, random: [0.9, 0.97] });
  assert.equal(recalled.at.get("right").get(1).random, null);
  assert.deepEqual([unknown.group, unknown.n], ["unknown", 50]);
});

Deno.test("where no fit was made again no neuron is ringed, and no ring is explained", () => {
  const row = { weight: 1, "drawn again": 4 };
  assert.deepEqual([isStable(row, 8), isStable(row, 9), isStable({ ...row, weight: -1 }, 8)], [true, false, false]);
  assert.equal(isStable({ weight: 1, "drawn again": 0 }, 0), false);
  assert.deepEqual([8, 0].map((again) => legendWords(again).includes("ringed")), [true, false]);
});
