import assert from "../assert.js";
import { maySave, partWords } from "/static/study/save.js";
import { stays } from "/static/study/running.js";
import { newStudy, reduceStudy } from "/static/study/study.js";

const OPENING = { kind: "study", seq: 0, request: {}, names: [], arms: [], n_steps: 24 };
const trial = (seq) => ({ kind: "trial", seq, answers: [] });
const FRAMES = [OPENING, trial(1), { kind: "figure", seq: 2, id: "outcomes" }, trial(3), {
  kind: "progress",
  seq: 4,
  n_done: 2,
}];

const after = (frames) => frames.reduce(reduceStudy, newStudy({}));
const button = (study, summary) => {
  const one = { disabled: null, title: "" };
  maySave(one, study, summary);
  return one;
};

Deno.test("what arrived can be saved however a study stopped, nothing of one that found nothing", () => {
  const some = after(FRAMES);
  for (const state of ["paused", "cancelled", "error", "cut"]) {
    const stopped = state === "paused" ? some : { ...some, phase: state };
    assert.deepEqual(button(stopped, { state }), { disabled: false, title: "Save what arrived, as part of a study" });
    assert.equal(button(after(FRAMES.slice(0, 1)), { state }).disabled, true, state);
  }
  assert.equal(button(some, { state: "running" }).disabled, true);
  assert.equal(button(null, null).disabled, true);
  const whole = reduceStudy(some, { kind: "done", seq: 5 });
  assert.equal(button(whole, { state: "done" }).disabled, false);
  assert.deepEqual([partWords(some), partWords(whole)], [", 2 of 24 steps", ""]);
});

Deno.test("a figure says how many questions it has counted", () => {
  assert.deepEqual([after(FRAMES).counted, after(FRAMES).trials.length], [1, 2]);
});

Deno.test("what stays of a study is told in the steps that say how far it is, in no other unit", () => {
  const told = [FRAMES, FRAMES.filter(({ kind }) => kind !== "figure"), [OPENING]].map((frames) =>
    stays(after(frames))
  );
  assert.deepEqual(told, [
    " Part of a study: the figures count the first 1 of them.",
    " Figures begin once a few more have arrived.",
    " Nothing arrived yet.",
  ]);
});
