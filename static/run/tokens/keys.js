// Arrow keys, Home and End among the tokens of a row, of which Tab reaches one. Knows nothing about runs.

import { listen } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";

/** Calls `moved(from, to, extend)` with the buttons, before the focus moves; extend: Shift is held. */
export function moveWithKeys(element, moved) {
  return listen(element, "keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[keyOf(event)];
    const end = { Home: 0, End: -1 }[keyOf(event)];
    if (step === undefined && end === undefined) return;
    const shown = [...element.querySelectorAll(".token")].filter((button) => button.offsetParent);
    const at = shown.indexOf(document.activeElement);
    const next = at < 0 ? null : step ? shown[at + step] : shown.at(end);
    if (!next) return;
    event.preventDefault();
    moved(document.activeElement, next, event.shiftKey);
    next.focus();
  });
}
