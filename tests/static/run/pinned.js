// Sliders for targets that are pinned one after the other.

import { addSlider, sameSteering, sliderFor } from "/static/run/steering/sliders.js";

export function pinned(targets, card) {
  const channels = { sliders: [], values: [], active: 0 };
  const state = { get: (name) => channels[name], set: (name, value) => (channels[name] = value) };
  for (const target of targets) addSlider(state, sliderFor(target, card));
  const { sliders, active } = channels;
  return {
    shorts: sliders.map(({ short }) => short),
    active,
    alike: sliders.map((a) => sliders.map((b) => sameSteering(a, b))),
  };
}
