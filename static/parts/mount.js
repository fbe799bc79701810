// A view in its place on the page, which does without it where it fails. Knows no view.

import { fill, h } from "../core/dom.js";

/** Draws a view; one that can't be drawn says so in its place, and the others go on. Returns what removes it. */
export function mount(view, element, ...rest) {
  try {
    return view(element, ...rest);
  } catch (error) {
    reportError(error);
    fill(element, h("p", { class: "note" }, "This part of the page failed. The others go on; reload to try again."));
    return () => fill(element);
  }
}
