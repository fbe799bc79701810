// How often a model answers which way: outcomes counted over sampled answers. Pure.

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
