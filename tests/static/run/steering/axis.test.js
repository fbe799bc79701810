import assert from "../../assert.js";
import { domain } from "/static/run/steering/axis.js";

const state = (reach) => {
  const channels = {
    sliders: [{ unit: "residual_norm", mode: "add", strengths: [-0.5, 1.5] }],
    values: [null],
    active: 0,
    reach,
  };
  return { get: (name) => channels[name] };
};

Deno.test("an axis reaches as far as its sliders, and as far as another that is read beside it", () => {
  assert.deepEqual(domain(state(undefined)), [-0.5, 1.5]);
  assert.deepEqual(domain(state([])), [-0.5, 1.5]);
  assert.deepEqual(domain(state([-1.25, 1.25])), [-1.25, 1.5]);
});
