// How often a model answers which way: outcomes counted over sampled answers, with an interval. Pure.

const Z = 1.959964; // two-sided 95 %

/**
 * 95 % interval of a share, k of n. Wilson 1927: unlike the textbook's it never leaves 0 to 1, and 0 of n has a width.
 * @returns {[number, number]}
 */
export function wilson(k, n) {
  if (!n) return [0, 1];
  const p = k / n;
  const [zz, scale] = [Z ** 2 / n, 1 + Z ** 2 / n];
  const middle = (p + zz / 2) / scale;
  const half = Math.sqrt(zz * (p * (1 - p) + zz / 4)) / scale;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * Answers of one arm, counted.
 * @param {{text: string, verdict: object}[]} samples with holes where an answer is not whole yet
 * @returns {{ n: number, counts: Record<string, number>, texts: {text: string, verdict: object, n: number}[] }}
 *          texts: distinct answers, the commonest first
 */
export function counted(samples) {
  /** @type {Record<string, number>} */
  const counts = {};
  const texts = new Map();
  let n = 0;
  for (const sample of samples) {
    if (!sample) continue;
    n++;
    counts[sample.verdict.outcome] = (counts[sample.verdict.outcome] ?? 0) + 1;
    const same = texts.get(sample.text) ?? { ...sample, n: 0 };
    texts.set(sample.text, { ...same, n: same.n + 1 });
  }
  return { n, counts, texts: [...texts.values()].sort((a, b) => b.n - a.n) };
}
