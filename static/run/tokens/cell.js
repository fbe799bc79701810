// One token of a row: a button, its value above it, a bracket below. It writes only what changed, for a drag redraws
// every token at every frame.

import { fill, h } from "../../core/dom.js";

/**
 * @typedef {{ pos: number, name: string, role: string, value: string, share: number, inEntity: boolean, marked: boolean,
 *             bracket: "now"|"planned"|null, first: boolean, last: boolean, selected: boolean, pressed: boolean,
 *             disabled: boolean, bar: { kind: string, share: number, usual: number|null }|null,
 *             said: (string|null|false)[] }} Facts
 * value: as it is written, "" if nothing was read. share: of the strongest tint, 0 to 1. bar: of the risk strip (run/risk/risk.js).
 * said: to screen readers
 */

/**
 * A cell knows no place of its own: an answer's cells stay where the prompt before them grew longer.
 * @returns {{ item: HTMLElement, button: HTMLElement, draw: (facts: Facts) => void }}
 */
export function tokenCell() {
  const button = h("button", { type: "button", class: "token", tabindex: "-1" });
  const bar = h("i", { class: "risk-bar", "aria-hidden": "true" });
  const item = h("li", {}, button, bar);
  const written = new Map();
  return { item, button, draw };

  function draw(facts) {
    write("pos", String(facts.pos), (pos) => (button.dataset.pos = pos));
    write("name", facts.name, writeName);
    write("class", classOf(facts), (name) => (item.className = name));
    write("value", facts.value, (value) => (item.dataset.value = value));
    write("share", facts.share.toFixed(3), (share) => item.style.setProperty("--v", share));
    write("pressed", String(facts.pressed), (pressed) => button.setAttribute("aria-pressed", pressed));
    write("disabled", String(facts.disabled), (disabled) => button.setAttribute("aria-disabled", disabled));
    write("kind", facts.bar?.kind ?? "", (kind) => (bar.dataset.kind = kind));
    write("risk", (facts.bar?.share ?? 0).toFixed(3), (risk) => bar.style.setProperty("--risk", risk));
    write("usual", (facts.bar?.usual ?? 0).toFixed(3), (usual) => bar.style.setProperty("--usual", usual));
    const label = [`${facts.name}, token ${facts.pos}, ${facts.role}`, ...facts.said.filter(Boolean)].join(", ");
    write("label", label, (text) => button.setAttribute("aria-label", text));
  }

  function write(what, value, how) {
    if (written.get(what) === value) return;
    written.set(what, value);
    how(value);
  }

  function writeName(name) {
    const space = name.match(/^·+/)?.[0] ?? "";
    fill(button, space && h("span", { class: "space" }, space), name.slice(space.length));
  }
}

function classOf({ name, role, inEntity, marked, bracket, first, last, selected }) {
  const kind = role === "bos" ? "template" : role;
  return [
    `cell cell-${kind}`,
    name.length < 3 && "narrow",
    inEntity && "in-entity",
    marked && "marked",
    bracket && "steered",
    bracket === "planned" && "planned",
    bracket && first && "steered-first",
    bracket && last && "steered-last",
    selected && "selected",
  ]
    .filter(Boolean)
    .join(" ");
}
