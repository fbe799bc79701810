// The bootstrap interval of a score over names, from counts alone: whether a latent fired on a name is yes or no, so
// drawing n names anew gives a binomial number of those on which it did. Seeded: the same counts say the same.

const RESAMPLES = 1000;
const LEVEL = 0.95;

/**
 * 95 %, of the least over types of sign × (f_known − f_unknown); null without types.
 * @param {{ f_known: number, f_unknown: number, n_known: number, n_unknown: number }[]} types
 * @returns {[number, number]|null}
 */
export function scoreInterval(types, sign) {
  if (!types.length) return null;
  const random = randomFrom(42);
  const draws = types.map((one) => [binomial(one.f_known, one.n_known), binomial(one.f_unknown, one.n_unknown)]);
  const found = Array.from(
    { length: RESAMPLES },
    () => Math.min(...draws.map(([known, unknown]) => sign * (known(random()) - unknown(random())))),
  ).sort((a, b) => a - b);
  return [quantile(found, (1 - LEVEL) / 2), quantile(found, (1 + LEVEL) / 2)];
}

// From a number between 0 and 1 to a share of n, by the inverse of its distribution.
function binomial(share, n) {
  if (share <= 0 || share >= 1) return () => share;
  const upto = new Float64Array(n + 1);
  let log = n * Math.log1p(-share);
  for (let k = 0, sum = 0; k <= n; k++) {
    upto[k] = sum += Math.exp(log);
    log += Math.log(((n - k) / (k + 1)) * (share / (1 - share)));
  }
  return (u) => {
    let [low, high] = [0, n];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upto[middle] < u) low = middle + 1;
      else high = middle;
    }
    return low / n;
  };
}

function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  return sorted[below] + (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]) * (at - below);
}

// mulberry32
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
