import assert from "../assert.js";
import { isGoing, newStudy, reduceStudy, shareDone, typesOf } from "/static/study/study.js";

const names = [{ type: "city" }, { type: "player" }, { type: "city" }];
const read = (frames) => frames.reduce(reduceStudy, newStudy(null));

Deno.test("a later figure replaces an earlier one in its place", () => {
  const figure = (id, title) => ({ kind: "figure", id, title });
  const { figures } = read([figure("a", "1"), figure("b", "2"), figure("a", "3")]);
  assert.deepEqual([...figures.values()].map(({ title }) => title), ["3", "2"]);
});

Deno.test("a study waits, runs and is done, and says how much of it is", () => {
  let study = read([{ kind: "queued" }]);
  assert.ok(isGoing(study) && shareDone(study) === 0);
  study = [{ kind: "study", request: {}, n_steps: 4, names }, { kind: "progress", n_done: 1, doing: "x" }]
    .reduce(reduceStudy, study);
  assert.equal(shareDone(study), 0.25);
  assert.deepEqual(typesOf(study), ["city", "player"]);
  assert.ok(!isGoing(reduceStudy(study, { kind: "done", elapsed_s: 1 })));
});

Deno.test("whoever cancelled it is not told of an error", () => {
  const ends = (code) => read([{ kind: "error", refusal: { code } }]).phase;
  assert.deepEqual([ends("cancelled"), ends("worker_lost")], ["cancelled", "error"]);
});
