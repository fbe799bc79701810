// Axes for the figures of a report: where a number lies, and what was wanted of it. Pure.

/** The axis of one figure: 0 to 1 where all its numbers lie there, else one that holds them. @returns {[number, number]} */
export function figureDomain({ value, low, high, at_least, at_most }) {
  const numbers = [value, low, high, at_least, at_most].filter((x) => x !== null && x !== undefined);
  const [least, most] = [Math.min(0, ...numbers), Math.max(0, ...numbers)];
  if (least >= 0 && most <= 1) return [0, 1];
  return [least * 1.2, most * 1.2];
}

/** A y axis with round ends around all numbers of a curve. @returns {{ domain: [number, number], ticks: number[] }} */
export function curveAxis(series) {
  const numbers = series.flatMap(({ values, low, high }) => [...values, ...(low ?? []), ...(high ?? [])]);
  let [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (!numbers.length) [least, most] = [0, 1];
  if (least >= 0 && most <= 1.0001) return { domain: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] };
  if (least >= 0) least = 0;
  if (least === most) most = least + 1;
  const marks = ticks([least, most], 4);
  const step = marks.length > 1 ? marks[1] - marks[0] : most - least;
  /** @type {[number, number]} */
  const domain = [Math.floor(least / step + 1e-9) * step, Math.ceil(most / step - 1e-9) * step];
  return { domain, ticks: ticks(domain, 4) };
}

/** Round numbers along an axis, about `n` of them. */
export function ticks([low, high], n = 5) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const result = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9; k++) {
    result.push(Number((k * step).toPrecision(6)));
  }
  return result;
}
