// What the app offers to ask of the model, and whether it can be asked now. Knows nothing about what is offered, nor how a
// page shows it.

import { experimentOffers, Refused } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";

/** Into the channel `offers`, once the model is known; called again with each look at the worker, until it answers.
 * `element`: where it is said that they can't be had. */
export function offersOf(state, element) {
  let looking = false;
  return async () => {
    const card = state.get("card");
    if (!card || state.get("offers") || looking) return;
    looking = true;
    try {
      state.set("offers", await experimentOffers(card.id));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fill(element, h("p", { class: "problem" }, error.message));
    } finally {
      looking = false;
    }
  };
}

/** Lets `setup` be run, or says what it waits for. */
export function readySetup(setup, state) {
  const { ready = false, worker } = state.get("health") ?? {};
  setup?.ready(ready, worker === "down" ? "No worker answers." : "Waits for the model.");
}
