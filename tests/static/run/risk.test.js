import assert from "../assert.js";
import { RISK_REFUSES, RISK_STEERED, RISK_UNFITTED } from "/static/core/protocol.js";
import { newRun, reduce } from "/static/run/run.js";
import {
  barAt,
  barInWords,
  fitInWords,
  heldInWords,
  largestInWords,
  testedInWords,
  thisInWords,
} from "/static/run/risk/risk.js";

const HEAD = { bias: -1, features: [{ name: "entropy", weight: 1, mean: 0.5 }] };
const TESTED = { auroc: 0.87, within: 0.86, entropy_auroc: 0.86, entropy_within: 0.85, ece: 0.05, curve: [] };
const FIT = {
  n: 3130,
  temperature: 0,
  first: HEAD,
  under_way: HEAD,
  recalls: [{ kind: "withheld", n: 149, recall: 0.8 }, { kind: "misled", n: 72, recall: 0.07 }],
  tested: ["first", "under_way", "value"].map((place) => ({ ...TESTED, place, n: 1819, base_rate: 0.16 })),
};
const token = (arm, risk, sample = 0) => ({ arm, sample, id: 1, text: "a", logprob: -1, entropy_nats: 2, risk });

function run(risk, tokens, outcome = "wrong") {
  const arms = [{ sweep: null, strength: 0 }, { sweep: 0, strength: 1 }];
  const request = { sampling: { temperature: 0 }, sweeps: [] };
  const start = { kind: "start", arms, risk, request, tokens: [], entity: { end: 1 } };
  const verdict = { kind: "verdict", arm: 0, sample: 0, text: "a", outcome };
  const steps = tokens.map((one) => ({ kind: "step", tokens: [one], readings: [] }));
  return [start, ...steps, verdict].reduce(reduce, newRun(request));
}

Deno.test("a bar is as long as the risk, and hatched where there is none to tell", () => {
  const told = run(FIT, [token(0, 0.2), token(0, 0.7), token(1, 0.9)]);
  assert.deepEqual(barAt(told, 0, 1), { kind: "risk", share: 0.7, usual: 0.16 });
  assert.ok(barInWords(told, 0, 1).startsWith("risk 0.700 (usual here 0.160) · entropy 2.00 nats"));
  assert.deepEqual([barAt(told, 1, 0)?.kind, barInWords(told, 1, 0)], ["steered", RISK_STEERED]);
  const refused = run(FIT, [token(0, 0.1), token(0, undefined)], "refused");
  assert.deepEqual([barAt(refused, 0, 1)?.kind, barInWords(refused, 0, 1)], ["refuses", RISK_REFUSES]);
  assert.deepEqual([largestInWords(told, 0), largestInWords(refused, 0)], ["largest risk 0.700", ""]);
  assert.deepEqual(barAt(told, 0, 9), null);
});

Deno.test("without a fit it is entropy, and no share is told", () => {
  const bare = run(undefined, [token(0, undefined)]);
  assert.deepEqual(barAt(bare, 0, 0), { kind: "entropy", share: 0.4, usual: null });
  assert.deepEqual([barInWords(bare, 0, 0), fitInWords(bare)], [RISK_UNFITTED, [RISK_UNFITTED]]);
  assert.deepEqual([heldInWords([bare, null], 0.5), largestInWords(bare, 0)], ["", ""]);
});

Deno.test("a threshold holds back the untouched answers whose largest risk reaches it, and says what they were", () => {
  const wrong = run(FIT, [token(0, 0.2), token(0, 0.7)]);
  const right = run(FIT, [token(0, 0.6)], "right");
  const refused = run(FIT, [token(0, 0.9)], "refused");
  const said = heldInWords([wrong, right, refused], 0.65);
  assert.ok(said.includes("1 of 3") && said.includes("held back: 1 wrong"), said);
  assert.ok(said.includes("1 right") && said.includes("1 refuse"), said);
});

Deno.test("beside it stands what the threshold does on answers about other names, and what chance does", () => {
  const curve = [{ risk: 0.14, wrong: 0.1, n: 100 }, { risk: 0.55, wrong: 0.6, n: 10 }, {
    risk: 0.97,
    wrong: 1,
    n: 20,
  }];
  const fit = { ...FIT, tested: [{ ...TESTED, place: "value", n: 130, curve }] };
  const said = testedInWords(fit, 0.5);
  assert.ok(said.includes("Of 130") && said.includes("26 of 36 errors") && said.includes("4 of 94 right"), said);
  assert.ok(said.includes("blindly, 8 and 22"), said); // 30 of 130
  assert.ok(testedInWords(fit, 0.9).includes("20 of 36 errors and 0 of 94"));
  assert.deepEqual(testedInWords(undefined, 0.5), "");
});

Deno.test("whether an answer can be trusted is said by answers with as much risk, and a refusal has nothing to be wrong", () => {
  const curve = [{ risk: 0.14, wrong: 0.1, n: 1500 }, { risk: 0.97, wrong: 0.99, n: 99 }];
  const fit = { ...FIT, tested: [{ ...TESTED, place: "value", n: 1599, curve }] };
  const said = thisInWords(run(fit, [token(0, 0.2), token(0, 0.93)]));
  assert.ok(said.includes("0.93") && said.includes("Of 99 answers") && said.includes("0.99 ended wrong"), said);
  assert.deepEqual(thisInWords(run(fit, [token(0, 0.5)])), "", "no answer had as much");
  assert.ok(thisInWords(run(fit, [token(0, 0.1)], "refused")).includes("refuses"));
  assert.deepEqual(thisInWords(run(undefined, [token(0, undefined)])), "");
});

Deno.test("what it rests on names what it sees least", () => {
  const said = fitInWords(run(FIT, [])).join(" ");
  assert.ok(said.includes("misled") && said.includes("0.07") && said.includes("3,130"), said);
});
