// Latents that the reader keeps: pinned, which gives them a slider, or watched at every token. Writes the channels
// `sliders` (through steering) and `watching`. Knows nothing about elements.

import { MAX_HELD, MAX_WATCHED } from "../../core/protocol.js";
import { same } from "../names.js";
import { addSlider, sliderFor } from "../steering/sliders.js";

/** Every slider but the active one may be held. */
export const MOST = { pin: MAX_HELD, watch: MAX_WATCHED };

/** @param {"pin"|"watch"} purpose @returns {object[]} targets */
export function kept(state, purpose) {
  if (purpose === "pin") return (state.get("sliders") ?? []).map(({ target }) => target);
  const own = state.get("card")?.watch.map(({ target }) => target);
  return state.get("watching") ?? state.get("run")?.start?.request.watch ?? own ?? [];
}

export const isKept = (state, purpose, target) => kept(state, purpose).some((one) => same(one, target));

export const isFull = (state, purpose) => kept(state, purpose).length >= MOST[purpose];

/** Pins or watches a target. One that has a slider already becomes the active one. */
export function keep(state, purpose, target) {
  const there = isKept(state, purpose, target);
  if (!there && isFull(state, purpose)) return;
  const whole = { kind: "latent", ...target };
  if (purpose === "pin") addSlider(state, sliderFor(whole, state.get("card")));
  else if (!there) state.set("watching", [...kept(state, "watch"), whole]);
}

/** Takes a latent off those that are watched; the last one stays. */
export function unwatch(state, target) {
  const left = kept(state, "watch").filter((one) => !same(one, target));
  if (left.length) state.set("watching", left);
}
