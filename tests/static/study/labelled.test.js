import assert from "../assert.js";
import { countedByType, csvOfLabelled, labelled } from "/static/study/trials/labelled.js";

// Three names, two attributes each, three samples; the greedy answer (sample 0) is right and doesn't count.
const NAMES = ["A, b", "B", "C"].map((name) => ({ name, type: "city", group: "x" }));
const TRIALS = [[0, 3], [0, 2], [1, 3], [1, 0], [2, 0], [2, 0]].map(([name, right]) => ({
  name,
  answers: [0, 1, 2, 3].map((sample) => ({ sample, outcome: sample <= right ? "right" : "wrong" })),
}));
const STUDY = { opening: { names: NAMES }, trials: TRIALS };
const labels = (rule) => labelled(STUDY, rule).map(({ label }) => label);

Deno.test("thresholds move what a labelling says, and the greedy answer never counts", () => {
  assert.deepEqual(labels({ k: 2, tau: 2 }), ["known", null, "unknown"]);
  assert.deepEqual(labels({ k: 3, tau: 1 }), ["known", "known", "unknown"]);
  assert.deepEqual(labels({ k: 3, tau: 2 }), [null, null, "unknown"]);
});

Deno.test("the CSV holds those that have a label, quoted where a comma is in a name", () => {
  assert.equal(csvOfLabelled(labelled(STUDY, { k: 3, tau: 2 })), "name,type,label\nC,city,unknown");
  assert.ok(csvOfLabelled(labelled(STUDY, { k: 1, tau: 1 })).includes('"A, b",city,known'));
});

Deno.test("every name is known, unknown or neither", () => {
  assert.deepEqual([...countedByType(labelled(STUDY, { k: 2, tau: 2 }))], [
    ["city", { known: 1, unknown: 1, neither: 1 }],
  ]);
});
