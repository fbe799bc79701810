import assert from "../assert.js";
import { shareDifference } from "/static/core/shares.js";
import { scoreInterval } from "/static/study/discovery/score_interval.js";

const TYPE = { f_known: 0.75, f_unknown: 0.25, n_known: 40, n_unknown: 40 };
const near = (found, expected, by = 5e-5) =>
  found.forEach((one, i) => assert.ok(Math.abs(one - expected[i]) < by, `${found} ${expected}`));

Deno.test("the difference of two shares is Newcombe's", () => {
  near(shareDifference(56, 70, 48, 80), [0.0524, 0.3339]);
});

Deno.test("an interval is around the score, and about as wide as a normal approximation of many", () => {
  const half = 1.96 * Math.sqrt(2 * 0.75 * 0.25 / 40);
  near(scoreInterval([TYPE], 1), [0.5 - half, 0.5 + half], 0.04);
  near(scoreInterval([TYPE], -1), [-0.5 - half, -0.5 + half], 0.04);
});

Deno.test("a latent that fires on all of three and none of three others is not sure to", () => {
  const few = { f_known: 1, f_unknown: 0, n_known: 3, n_unknown: 3 };
  const [low, high] = scoreInterval([few], 1);
  assert.equal(high, 1);
  assert.ok(low < 0.25, `${low}`);
  assert.equal(scoreInterval([], 1), null);
});

Deno.test("a score is its worst type's", () => {
  const worst = { ...TYPE, f_known: 0.25, f_unknown: 0.75 };
  assert.ok(scoreInterval([TYPE, worst], 1)[1] < 0);
});
