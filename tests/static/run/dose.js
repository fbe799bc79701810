// What the page's curve shows of a recording, and how the page writes numbers and words, for Python to compare.

import { plain, probability, sig3, signed, visible } from "/static/core/format.js";
import { monotone } from "/static/run/curve/monotone.js";
import { control, logodds, newRun, points, reduce, segments, sigmoid } from "/static/run/run.js";
import { why } from "/static/run/verdicts.js";

export function dose(lines, sweep) {
  const run = lines.map((line) => JSON.parse(line)).reduce(reduce, newRun(null));
  const list = points(run, sweep);
  const odds = list.map(({ arm }) => logodds(run, arm));
  return {
    points: list.map(({ strength, alpha, arm }, i) => [strength, alpha, arm, odds[i], sigmoid(odds[i])]),
    controls: list.map(({ strength }) => control(run, { sweep, strength })),
    segments: segments(run, sweep).map(({ text, strengths }) => [text, strengths.length]),
    curve: monotone(list.map(({ strength }) => strength), odds),
    why: run.arms.map(({ verdict }) => why(verdict)),
  };
}

export const written = (numbers, texts) => ({
  numbers: numbers.map((x) => [sig3(x), signed(x), plain(x), probability(Math.abs(x))]),
  visible: texts.map(visible),
});
