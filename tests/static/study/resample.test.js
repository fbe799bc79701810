import assert from "../assert.js";
import { scoreInterval } from "/static/study/discovery/resample.js";

const TYPE = { f_known: 0.75, f_unknown: 0.25, n_known: 40, n_unknown: 40 };

Deno.test("the same counts say the same interval, around the score", () => {
  const [low, high] = scoreInterval([TYPE], 1);
  assert.deepEqual(scoreInterval([TYPE], 1), [low, high]);
  // Normal approximation: 0.5 ± 1.96 √(2 · 0.75 · 0.25 / 40)
  const half = 1.96 * Math.sqrt(2 * 0.75 * 0.25 / 40);
  assert.ok(Math.abs(low - (0.5 - half)) < 0.04 && Math.abs(high - (0.5 + half)) < 0.04, `${low} ${high}`);
});

Deno.test("a latent that always or never fires has no spread, and no types no interval", () => {
  assert.deepEqual(scoreInterval([{ ...TYPE, f_known: 1, f_unknown: 0 }], 1), [1, 1]);
  assert.deepEqual(scoreInterval([{ ...TYPE, f_known: 1, f_unknown: 0 }], -1), [-1, -1]);
  assert.equal(scoreInterval([], 1), null);
});

Deno.test("a score is its worst type's", () => {
  const worst = { ...TYPE, f_known: 0.25, f_unknown: 0.75 };
  assert.ok(scoreInterval([TYPE, worst], 1)[1] < 0);
});
