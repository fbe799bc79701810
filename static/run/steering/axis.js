// The x axis that the dose curve, its ribbon and the sliders share: strengths, 0 always among them.

import { UNITS } from "../../core/protocol.js";
import { rangeOf } from "./sliders.js";

/** Lowest and highest strength over the sliders that have the unit of the active one, and in `reach` where `state` has
 * that. @returns {[number, number]} */
export function domain(state) {
  const reach = state.get("reach") ?? [];
  const sliders = state.get("sliders") ?? [];
  const unit = sliders[state.get("active")]?.unit;
  const ranges = sliders.map((slider, i) => rangeOf(slider, state.get("values")[i])).filter((_, i) =>
    sliders[i].unit === unit
  );
  if (!ranges.length) return [-1, 1];
  return [
    Math.min(0, ...reach, ...ranges.map(([low]) => low)),
    Math.max(0, ...reach, ...ranges.map(([, high]) => high)),
  ];
}

/** Where a strength lies on the axis, 0 to 1. */
export const share = (x, [low, high]) => (x - low) / (high - low || 1);

/** "× r̄", "activation", … */
export const unitName = (unit) => UNITS[unit]?.name ?? "";
