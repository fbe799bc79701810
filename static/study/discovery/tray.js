// The latents that a reader pinned, and the way to push them: Explore with the model's own sliders and theirs.

import { latentOf } from "./counts.js";
import { fill, h, mark } from "../../core/dom.js";
import { addressOf } from "../../core/root.js";
import { writeFragment } from "../../run/fragment.js";
import { same } from "../../run/names.js";
import { MOST } from "../../run/latents/pins.js";
import { sliderFor, slidersOf, steeringOf } from "../../run/steering/sliders.js";

/** Ids of the latents that are pinned (study/discovery/counts.js), as the option says them. */
export const pinned = ({ pins }) => pins.split(" ").filter(Boolean);

/** The option with one more, or one less; the oldest leaves where there is no room beside the model's own sliders. */
export function repinned(options, id, card) {
  const all = pinned(options);
  const most = MOST.pin - (card?.directions.length ?? 2);
  const next = all.includes(id) ? all.filter((one) => one !== id) : [...all, id].slice(-most);
  return { pins: next.join(" ") };
}

/** `state` has options, counts, rows and card; `unpin(id)`. */
export function pinTray(element, state, unpin) {
  const off = state.on(["options", "counts", "card"], () => {
    const all = pinned(state.get("options"))
      .map((id) => ({ id, ...latentOf(state.get("counts"), id) }))
      .filter(({ dictionary }) => dictionary);
    element.hidden = !all.length;
    if (!all.length) return fill(element);
    const targets = all.map(({ dictionary, latent }) => ({ kind: "latent", dictionary: dictionary.id, latent }));
    const held = element.contains(document.activeElement);
    fill(
      element,
      h(
        "div",
        { class: "tray", role: "region", "aria-label": "Pinned latents" },
        h("b", { role: "status" }, `${all.length} pinned`),
        all.map(chip),
        h(
          "a",
          { class: "button button-primary push", href: addressOf(`/${exploreAddress(targets, state.get("card"))}`) },
          "Open in Explore",
        ),
      ),
    );
    if (held) element.querySelector("a").focus({ preventScroll: true });
  });
  return () => {
    off();
    fill(element);
  };

  function chip({ id, dictionary, latent }) {
    const name = `L${dictionary.layer} #${latent}`;
    const { rows, specialists } = state.get("rows");
    const found = [...rows, ...specialists].find((row) => row.id === id);
    return h(
      "span",
      { class: "row tight tray-pin mono" },
      found && mark(found.role),
      name,
      h(
        "button",
        { class: "bare link-plain", type: "button", "aria-label": `Unpin ${name}`, onclick: () => unpin(id) },
        "✕",
      ),
    );
  }
}

/** Explore with the model's own sliders and these latents', on a prompt that it refuses, the first of them active. */
export function exploreAddress(targets, card) {
  const own = card ? slidersOf(card) : [];
  const all = [...own, ...targets.map((target) => sliderFor(target, card))];
  const sliders = all.filter((one, i) => all.findIndex((other) => same(one.target, other.target)) === i);
  const examples = card?.examples[0] ?? [];
  const example = examples.find(({ story, role }) => (story ?? role) === "unknown") ?? examples[0];
  const watching = [...(card?.watch ?? []).map(({ target }) => target), ...targets];
  return writeFragment({
    prompt: example?.prompt,
    sliders: sliders.map((slider) => ({ ...steeringOf(slider), strengths: slider.strengths })),
    active: sliders.findIndex(({ target }) => same(target, targets[0])) || null,
    watching: watching.filter((one, i) => watching.findIndex((other) => same(one, other)) === i),
  });
}
