import assert from "../assert.js";
import { downWords, workerNow } from "/static/parts/health.js";

/** @type {[import("/static/parts/health.js").Standing, string][]} */
const CASES = [
  [{ worker: "down" }, "No worker answers"],
  [{ worker: "down", answers: false }, "No worker answers"],
  [{ worker: "down", answers: true }, "The worker cannot be used"],
  [{ worker: "down", reached: false }, "The app does not answer"],
];

for (const [health, words] of CASES) {
  Deno.test(`of ${JSON.stringify(health)} no more is said than is known`, () => assert.equal(downWords(health), words));
}

Deno.test("a worker whose frames arrive answers, whatever was heard of it before", () => {
  const run = (phase, start = {}) => ({ phase, start });
  assert.equal(workerNow({ worker: "down" }, run("running")), "ready");
  assert.equal(workerNow({ worker: "down" }, run("asking", null)), "down");
  assert.equal(workerNow({ worker: "down" }, run("done")), "down");
  assert.equal(workerNow({ worker: "starting" }), "starting");
  assert.equal(workerNow(null), null);
});
