// Marking the name: by a drag over tokens, by a press, or by Shift with a press or the arrow keys. Draws nothing; says
// which tokens are being marked. What was marked goes to the channel `span`.

import { listen } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";
import { canPress, markName, nearestTyped, toolOf } from "./press.js";

/**
 * `placeOf(element)` and `start()` give a place or null, `redraw()` draws the row.
 * `range()` is what is being marked, first and last place, or null; `took()` says, once, that a click was the end of a
 * drag; `moved` and `press` are for keys.
 */
export function nameMarker(element, state, { placeOf, start, redraw }) {
  let anchor = null; // where the marking began
  let range = null;
  let dragging = false;
  let dragged = false;
  const offs = [
    listen(element, "pointerdown", (event) => {
      dragged = false;
      const place = placeOf(event.target);
      if (toolOf(state) !== "name" || event.button !== 0 || !place || !canPress(state, place)) return;
      event.preventDefault(); // no text is selected
      event.target.closest(".token").focus();
      dragging = dragged = true;
      if (!event.shiftKey) anchor = place.pos;
      mark(place);
    }),
    listen(element, "pointermove", ({ clientX, clientY }) => {
      if (dragging) mark(placeOf(document.elementFromPoint(clientX, clientY)));
    }),
    listen(document, "pointerup", () => dragging && finish()),
    listen(document, "pointercancel", () => dragging && forget()),
    listen(element, "keyup", ({ key }) => key === "Shift" && range && !dragging && finish()),
    listen(element, "keydown", (event) => {
      if (keyOf(event) !== "Escape" || !range) return;
      event.stopPropagation(); // the page stops its run at this key
      forget();
    }),
  ];
  return {
    range: () => range,
    forget,
    took() {
      const was = dragged;
      dragged = false;
      return was;
    },
    moved(from, to, extend) {
      if (!extend) {
        anchor = null;
        forget();
      } else if (from && to) {
        anchor ??= from.pos;
        mark(to);
      }
    },
    press(place, extend) {
      if (!extend) anchor = place.pos;
      mark(place);
      finish();
    },
    remove() {
      for (const off of offs) off();
    },
  };

  function mark(place) {
    const first = start();
    if (!place || !first) return;
    anchor ??= first.entity.start;
    const [a, b] = [anchor, place.pos].map((pos) => nearestTyped(first.tokens, pos));
    range = [Math.min(a, b), Math.max(a, b)];
    redraw();
  }

  function finish() {
    dragging = false;
    if (!markName(state, start(), ...range)) forget();
  }

  function forget() {
    dragging = false;
    if (!range) return;
    range = null;
    redraw();
  }
}
