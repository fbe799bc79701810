// The two buttons of a latent: give it a slider, and watch it. What they say follows the channels.

import { fill, h, icon } from "../../core/dom.js";
import { isFull, isKept, keep, kept, MOST, unwatch } from "./pins.js";

/**
 * @param {object} state @param {object} target @param {string} name of the latent, for screen readers
 * @param {{ pin: string, pinned: string }} words what the first one says before there is a slider, and then
 * @returns {{ buttons: HTMLElement[], update: () => void }} only a latent can be watched
 */
export function keepButtons(state, target, name, words = { pin: "Pin", pinned: "Pin" }) {
  const about = h("span", { class: "sr" }, ` ${name}`);
  const pin = h("button", {
    class: "button keep",
    type: "button",
    "data-key": `pin ${name}`,
    onclick: () => keep(state, "pin", target),
  });
  const watch = h(
    "button",
    { class: "button keep", type: "button", "data-key": `watch ${name}`, onclick: toggle },
    "Watch",
    about,
  );
  return { buttons: target.kind !== "latent" ? [pin] : [pin, watch], update };

  function update() {
    const pinned = isKept(state, "pin", target);
    fill(pin, pinned ? words.pinned : words.pin, about.cloneNode(true), pinned && icon("kept"));
    pin.disabled = !pinned && isFull(state, "pin");
    pin.title = pinned ? "It has a slider: show its curve" : pin.disabled ? full("pin") : "Gives it a slider";
    const watched = isKept(state, "watch", target);
    const last = watched && kept(state, "watch").length === 1;
    watch.setAttribute("aria-pressed", String(watched));
    watch.disabled = last || (!watched && isFull(state, "watch"));
    watch.title = last
      ? "The last one that is watched stays"
      : watched
      ? "It is read at every token: take it off"
      : watch.disabled
      ? full("watch")
      : "Reads it at every token, at every strength; runs again";
  }

  function toggle() {
    if (isKept(state, "watch", target)) unwatch(state, target);
    else keep(state, "watch", target);
  }
}

/** Why no more can be kept, and what to do. */
export const full = (purpose) =>
  purpose === "pin"
    ? `${MOST.pin} sliders are the most. Remove one first.`
    : `${MOST.watch} watched latents are the most. Take one off first.`;
