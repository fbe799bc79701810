// Ticks of the curve's axis: probabilities, placed by their log-odds, as many as there is room for. Pure.

const PROBABILITIES = [0.000001, 0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.999999];
const APART = 15; // px, of two labels' middles

/**
 * The even chance first, then outwards: one that is too near to one that is there is left out.
 * @param {number[]} range of log-odds: low, high
 * @param {number} height of the axis, in px
 * @returns {number[]} log-odds, from below
 */
export function ticksOf([low, high], height) {
  const all = PROBABILITIES.map((p) => Math.log(p / (1 - p))).filter((at) => at >= low && at <= high);
  const px = height / (high - low);
  const kept = [];
  for (const at of all.toSorted((a, b) => Math.abs(a) - Math.abs(b))) {
    if (kept.every((other) => Math.abs(other - at) * px >= APART)) kept.push(at);
  }
  return kept.sort((a, b) => a - b);
}
