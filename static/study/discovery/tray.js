// The latents that a reader pinned, and the way to push them: Explore with the model's own sliders and theirs.

import { latentOf } from "./counts.js";
import { fill, h, mark } from "../../core/dom.js";
import { addressOf } from "../../core/root.js";
import { MOST } from "../../run/latents/pins.js";
import { exploreAddress } from "../slider_link.js";

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
