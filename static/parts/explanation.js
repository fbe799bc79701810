// What opens behind a door: the sentence of the glossary, how it is computed, and the way to its line on /method. By
// mouse, key or touch; Escape or a press elsewhere closes it. Listens to the whole page, so that whoever draws a door
// (core/term.js, app/wording/doors.py) needs nothing but the link.

import { fill, h, listen } from "../core/dom.js";
import { TERMS } from "../core/terms.js";

const GAP = 6; // px between the door and what it opens
const EDGE = 8; // px that stay free at the window's sides

const panel = h("div", {
  popover: "auto",
  class: "explanation",
  role: "dialog",
  "aria-labelledby": "explanation-name",
  tabindex: "-1",
  autofocus: true,
});

listen(document, "click", (event) => {
  const link = event.target.closest?.("[data-term]");
  const plain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !plain || !panel.showPopover) return;
  const address = new URL(link.getAttribute("href"), location.href);
  if (address.pathname === location.pathname) return; // the line is on this page
  event.preventDefault();
  show(link, address);
}, true);

function show(link, address) {
  const { name, symbol, sentence, formula } = TERMS[link.dataset.term];
  fill(
    panel,
    h("p", { id: "explanation-name", class: "explanation-name" }, h("b", {}, name), symbol && ` ${symbol}`),
    h("p", {}, sentence),
    formula && h("p", { class: "explanation-formula" }, formula),
    h("p", {}, h("a", { href: address.href }, "How it is computed, where it fails, its paper")),
  );
  if (panel.matches(":popover-open")) panel.hidePopover();
  (link.closest("dialog") ?? document.body).append(panel); // a modal dialog leaves nothing else within reach
  panel.showPopover();
  place(link.getBoundingClientRect());
}

// Below the door, above it where there is no room; scrolled away with the page.
function place(door) {
  const { width, height } = panel.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const below = door.bottom + GAP + height <= clientHeight - EDGE || door.top < clientHeight - door.bottom;
  const top = below ? door.bottom + GAP : door.top - GAP - height;
  const left = Math.max(EDGE, Math.min(door.left, clientWidth - EDGE - width));
  panel.style.setProperty("top", `${scrollY + Math.max(EDGE, top)}px`);
  panel.style.setProperty("left", `${scrollX + left}px`);
}
