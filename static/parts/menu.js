// A <details> as a menu: it closes when something else is pressed, with Escape, and when the focus leaves it.

import { keyOf } from "../core/keys.js";

export function menu(details) {
  const close = () => (details.open = false);
  document.addEventListener("pointerdown", (event) => details.contains(event.target) || close());
  details.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !details.contains(relatedTarget)) close();
  });
  details.addEventListener("keydown", (event) => {
    if (keyOf(event) !== "Escape" || !details.open) return;
    close();
    details.querySelector("summary").focus();
  });
}
