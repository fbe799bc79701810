// What Explore shows inside the model is folded: it opens for whoever wants to see something of it, by a press or by an
// address. Knows nothing about what is drawn in it.

import { listen } from "../core/dom.js";

const SHOWN_THERE = ["latent", "side", "dictionary", "watching"]; // channels

/** To be called before the views in it, which scroll to what was opened. `details` is where they stand. */
export function inside(details, state) {
  if (SHOWN_THERE.some((name) => state.get(name) !== null)) details.open = true;
  const offs = [
    state.on(["latent"], () => {
      if (state.get("latent") !== null) details.open = true;
    }),
    listen(details, "toggle", () => {
      if (!details.open) state.set("latent", null); // the same one can be opened again
    }),
  ];
  return () => offs.forEach((off) => off());
}
