// The x axis that the dose curve, its ribbon and the sliders share: strengths, 0 always among them.

import { directions } from "./names.js";

/** Lowest and highest strength over the directions that have the unit of the selected one. @returns {[number, number]} */
export function domain(state) {
  const list = directions(state.get("run"), state.get("card"));
  const unit = list[state.get("sweep")]?.unit;
  const strengths = list.filter((direction) => direction.unit === unit).flatMap((direction) => direction.strengths);
  return strengths.length ? [Math.min(0, ...strengths), Math.max(0, ...strengths)] : [-1, 1];
}

/** Where a strength lies on the axis, 0 to 1. */
export const share = (x, [low, high]) => (x - low) / (high - low || 1);

/** Round numbers along the axis, about `n` of them. */
export function ticks([low, high], n = 5) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10);
  const result = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9; k++)
    result.push(Number((k * step).toPrecision(6)));
  return result;
}

/** "× r̄" or "raw". */
export const unitName = (unit) => (unit === "residual_norm" ? "× r̄" : "raw");
