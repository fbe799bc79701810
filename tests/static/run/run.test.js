import assert from "../assert.js";
import {
  armAt,
  armsWhole,
  bandName,
  byRefusal,
  control,
  ended,
  isOpen,
  logodds,
  merged,
  newRun,
  points,
  reduce,
  segments,
} from "/static/run/run.js";
import { frames, runOf } from "./recorded.js";

Deno.test("of several answers an arm the first is shown", () => {
  const some = [
    { kind: "start", arms: [{ sweep: null, strength: 0 }] },
    { kind: "step", readings: [], tokens: [{ arm: 0, sample: 0, text: "a" }, { arm: 0, sample: 1, text: "b" }] },
    {
      kind: "step",
      tokens: [{ arm: 0, text: "c" }],
      readings: [{ arm: 0, sample: 1, activations: [2] }, { arm: 0, sample: 0, activations: [1] }],
    },
    { kind: "verdict", arm: 0, sample: 1, text: "b", outcome: "refused" },
  ];
  const [arm] = runOf(some).arms;
  assert.deepEqual(arm.tokens.map(({ text }) => text), ["a", "c"]);
  assert.equal(arm.text, "ac");
  assert.deepEqual(arm.readings, [[1]]);
  assert.equal(arm.verdict, null);
  assert.equal(arm.samples[1].text, "b");
});

Deno.test("a run reads the same whatever was drawn in between, and no frame changes what was drawn before", () => {
  let run = newRun(null);
  const before = [];
  for (const frame of frames) {
    before.push([run, JSON.stringify(run)]);
    run = reduce(run, frame);
  }
  for (const [old, written] of before) assert.equal(JSON.stringify(old), written);
  assert.equal(run.phase, "done");
  assert.equal(armsWhole(run), run.arms.length);
  for (const { text, verdict } of run.arms) assert.equal(text, verdict.text);
});

Deno.test("a frame of a later protocol changes nothing but the count", () => {
  const run = runOf(frames.slice(0, 3));
  assert.deepEqual(reduce(run, { kind: "unheard-of" }), { ...run, frames: run.frames + 1 });
});

Deno.test("a stream that ends early is cut; one that ended stays what it was", () => {
  assert.equal(ended(runOf(frames.slice(0, -1)), "cut").phase, "cut");
  assert.equal(ended(runOf(frames), "cut").phase, "done");
  assert.ok(isOpen(runOf(frames.slice(0, 5))));
});

Deno.test("the points of a sweep are its arms by strength, the baseline where its mode rests", () => {
  const run = runOf(frames);
  run.start.request.sweeps.forEach(({ strengths }, sweep) => {
    const list = points(run, sweep);
    assert.deepEqual(list.map(({ strength }) => strength), [...strengths, 0].sort((a, b) => a - b));
    for (const { strength, arm } of list) assert.equal(armAt(run, { sweep, strength }), arm);
    assert.equal(list.find(({ strength }) => strength === 0).arm, 0);
  });
  assert.equal(armAt(run, { sweep: 0, strength: 1.43 }), -1);
  assert.equal(armAt(run, { sweep: -1, strength: 1 }), -1);
});

Deno.test("a control is summed over all its directions, and is not there where none was run", () => {
  const run = runOf(frames);
  const seen = control(run, { sweep: 0, strength: 1.25 });
  assert.equal(seen.n, 32);
  assert.equal(seen.n_refusing, seen.values.filter((x) => x > 0).length);
  assert.ok(Math.min(...seen.values) <= seen.low && seen.low < seen.mean && seen.mean < seen.high);
  assert.equal(control(run, { sweep: 0, strength: 7 }), null);
});

Deno.test("neighbours that say the same are one segment, and all strengths are in some", () => {
  const run = runOf(frames);
  const list = segments(run, 0);
  assert.deepEqual(list.flatMap(({ strengths }) => strengths), points(run, 0).map(({ strength }) => strength));
  list.slice(1).forEach(({ text }, i) => assert.notEqual(text, list[i].text));
});

Deno.test("more strengths join a run's own, with their controls, and what is there stays", () => {
  const run = runOf(frames);
  const [start, prompt] = [frames.find((f) => f.kind === "start"), frames.find((f) => f.kind === "prompt")];
  const arms = [start.arms[0], { sweep: 0, strength: 1.3, alpha: 2 }, { sweep: 0, strength: 1.25, alpha: 9 }];
  const extra = runOf([
    { ...start, arms },
    { ...prompt, arms: [prompt.arms[0], { ...prompt.arms[1], refusal_logodds: -9 }, prompt.arms[2]] },
    { kind: "control", sweep: 0, strength: 1.3, refusal_logodds: [1, 2] },
  ]);
  const whole = merged(run, [{ run: extra, sweep: 0 }]);
  assert.equal(whole.arms.length, run.arms.length + 1);
  assert.equal(logodds(whole, armAt(whole, { sweep: 0, strength: 1.3 })), -9);
  assert.equal(control(whole, { sweep: 0, strength: 1.3 }).n, 2);
  assert.equal(armAt(whole, { sweep: 0, strength: 1.25 }), armAt(run, { sweep: 0, strength: 1.25 }));
  assert.equal(
    merged(run, [{ run: runOf([{ ...start, arms }]), sweep: 0 }]),
    run,
    "without a prompt pass it is left out",
  );
});

Deno.test("a band is quantiles of enough directions, and of fewer their range, and says which", () => {
  const at = { sweep: 0, strength: 1 };
  const of = (n) => {
    const values = Array.from({ length: n }, (_, i) => i);
    const lines = [{ kind: "start", arms: [{ sweep: null, strength: 0 }] }, {
      kind: "control",
      ...at,
      refusal_logodds: values,
    }];
    return control(runOf(lines), at);
  };
  assert.deepEqual([of(19).low, of(19).high, bandName(19)], [0, 18, "range of 19"]);
  assert.deepEqual([of(21).low, of(21).high, bandName(21)], [1, 19, "5–95 %"]);
});

Deno.test("random directions are counted as they stand: the most refusing first, equals as they were drawn", () => {
  assert.deepEqual(byRefusal([-1, 3, 0, 3]), [1, 3, 2, 0]);
});
