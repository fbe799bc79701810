import assert from "../assert.js";
import { ticksOf } from "/static/run/curve/ticks.js";

const apart = (range, height) => {
  const [first, ...rest] = ticksOf(range, height).map((at) => (height * at) / (range[1] - range[0]));
  return rest.reduce(([least, before], at) => [Math.min(least, at - before), at], [Infinity, first])[0];
};

Deno.test("no two ticks are nearer than a line, on a phone and wherever a model is nearly sure", () => {
  for (const height of [60, 78, 188, 400]) {
    for (const range of [[-4.7, 4.7], [-15, 15], [-15, 5], [8, 15]]) {
      assert.deepEqual(apart(range, height) >= 15, true, `${range} in ${height} px`);
    }
  }
});

Deno.test("with room all are there, and the even chance always", () => {
  assert.deepEqual(ticksOf([-15, 15], 400).length, 11);
  assert.deepEqual(ticksOf([-15, 15], 60).includes(0), true);
});
