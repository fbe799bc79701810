// The sliders that an address opens (run/fragment.js): its own, those of a request that was handed over, or the model's.
// Pure; knows nothing about the page.

import { slidersOf, slidersOfRequest } from "./sliders.js";

/** Without their strengths: `values` are those of what a request holds. `told`: an address' own sliders, null: none. */
export function slidersThere(told, card, base) {
  const sweeps = told ?? base?.sweeps;
  return sweeps || base?.hold?.length
    ? slidersOfRequest({ sweeps: sweeps ?? card.directions, hold: told ? [] : base?.hold }, card)
    : { sliders: slidersOf(card), values: [] };
}

/** All that an address says of them. `values`: one for each slider, null where it rests. */
export function slidersOpened(seen, card, base = seen.request) {
  const { sliders, values } = slidersThere(seen.sliders, card, base);
  for (const [slider, strength] of seen.at) values[slider] = strength;
  return {
    sliders,
    values: sliders.map((_, i) => values[i] ?? null),
    active: Math.min(seen.active ?? seen.at[0]?.[0] ?? 0, Math.max(0, sliders.length - 1)),
  };
}
