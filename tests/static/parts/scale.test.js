import assert from "../assert.js";
import { curveAxis, figureDomain, ticks } from "/static/parts/scale.js";

Deno.test("an axis holds every number of its figure", () => {
  assert.deepEqual(figureDomain({ value: 0.5, low: 0.4, high: 0.6, at_least: 0.9, at_most: null }), [0, 1]);
  const [low, high] = figureDomain({ value: -3, low: null, high: 7, at_least: null, at_most: null });
  assert.ok(low < -3 && high > 7);
});

Deno.test("ticks are round, within the axis and evenly spaced", () => {
  for (const [low, high] of [[0, 1], [-3.2, 17], [0.001, 0.0042], [-5, -4]]) {
    const found = ticks([low, high], 4);
    assert.ok(found.length >= 2 && found[0] >= low - 1e-9 && found.at(-1) <= high + 1e-9, String(found));
    const step = found[1] - found[0];
    found.slice(1).forEach((x, i) => assert.ok(Math.abs(x - found[i] - step) < 1e-9 * Math.max(1, Math.abs(x))));
  }
});

Deno.test("a curve's axis has round ends around all of it", () => {
  const { domain, ticks: marks } = curveAxis([{ values: [1, 44], low: [-2], high: [61] }]);
  assert.ok(domain[0] <= -2 && domain[1] >= 61);
  assert.ok(marks[0] >= domain[0] && marks.at(-1) <= domain[1]);
  assert.deepEqual(curveAxis([{ values: [0.2, 0.9] }]).domain, [0, 1]);
});
