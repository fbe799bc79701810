// The way from what a study found to a push: Explore with its sliders. Pure.

import { writeFragment } from "../run/fragment.js";
import { onNeurons, same } from "../run/names.js";
import { sliderFor, slidersOf, steeringOf } from "../run/steering/sliders.js";

/** Explore with the model's own sliders and these targets', on a prompt that it refuses, the first of them active. */
export function exploreAddress(targets, card) {
  const own = card ? slidersOf(card) : [];
  const all = [...own, ...targets.map((target) => sliderFor(target, card))];
  const sliders = all.filter((one, i) => all.findIndex((other) => same(one.target, other.target)) === i);
  const examples = card?.examples[0] ?? [];
  const example = examples.find(({ story, role }) => (story ?? role) === "unknown") ?? examples[0];
  const read = targets.filter((target) => !onNeurons(target)); // of neurons nothing is read on its own
  const watching = [...(card?.watch ?? []).map(({ target }) => target), ...read];
  return writeFragment({
    prompt: example?.prompt,
    sliders: sliders.map((slider) => ({ ...steeringOf(slider), strengths: slider.strengths })),
    active: sliders.findIndex(({ target }) => same(target, targets[0])) || null,
    watching: watching.filter((one, i) => watching.findIndex((other) => same(one, other)) === i),
  });
}
