// Everything that can be pushed, a row each; on a phone one at a time, behind tabs. Above them what a recording held
// all along, below them what resets and adds. From the page's sliders and values, and `start` for what was held.

import { domain } from "./axis.js";
import { pushWords } from "./amount.js";
import { fill, h, mark } from "../../core/dom.js";
import { keyOf, movedTo, titled } from "../names.js";
import { resetAll, sameSteering, steerIn } from "./sliders.js";
import { sliderRow } from "./slider_row.js";

export function sliders(element, state) {
  const live = Boolean(state.get("live"));
  let rows = [];
  let made = 0; // rows so far: each has an id of its own, also when another was taken off
  const held = h("div", {});
  const list = h("div", { class: "slider-list" });
  const tabs = h("div", { class: "segmented tabs", role: "group", "aria-label": "Slider" });
  const search = () => state.set("lookup", { purpose: "pin" });
  const add = live && button({ "aria-haspopup": "dialog", onclick: search }, "Add", " a slider…");
  const reset = button({ onclick: restAll }, "Reset", " all");
  fill(element, held, list, h("div", { class: "row slider-bar" }, tabs, add, reset));
  const offs = [
    state.on(["run", "card", "sliders"], drawHeld),
    state.on(["sliders"], build),
    state.on(["run", "card", "sliders", "values", "active"], update),
    state.on(["active"], () => requestAnimationFrame(bringTab)),
  ];
  return () => {
    for (const off of offs) off();
    for (const row of rows) row.remove();
    fill(element);
  };

  // Rows stay where their target does: what has the focus keeps it, also while its slider is pushed another way.
  function build() {
    const old = new Map(rows.map((row) => [row.key, row]));
    rows = keysOf(state.get("sliders") ?? []).map((key, index) => {
      const row = old.get(key) ?? sliderRow(state, { id: `${element.id}-${made++}`, key, index });
      row.index = index;
      old.delete(key);
      return row;
    });
    for (const row of old.values()) {
      if (row.root.contains(document.activeElement)) queueMicrotask(focusActive);
      row.remove();
    }
    rows.forEach(({ root, tab }, i) => {
      if (list.children[i] !== root) list.insertBefore(root, list.children[i] ?? null);
      if (tabs.children[i] !== tab) tabs.insertBefore(tab, tabs.children[i] ?? null);
    });
    tabs.hidden = rows.length < 2;
  }

  function update() {
    const [run, card, all, values, active] = ["run", "card", "sliders", "values", "active"].map(state.get);
    const steer = steerIn(run, all, values, active); // `steer` itself may not have followed yet
    const unit = all[active]?.unit;
    const range = domain(state);
    for (const row of rows) row.update({ run, card, steer, active, axis: all[row.index].unit === unit ? range : null });
    reset.classList.toggle("gone", !values.some((value) => value !== null));
  }

  // Where there are more tabs than the phone is wide.
  function bringTab() {
    rows[state.get("active")]?.tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function drawHeld() {
    const run = state.get("run");
    const holds = live ? [] : (run?.start?.request.hold ?? []);
    const lines = holds
      .map((hold, i) => ({ ...hold, ...titled(hold.target, run.start.held?.[i], state.get("card"), run) }))
      .filter((hold) => !state.get("sliders").some((slider) => sameSteering(slider, hold)))
      .map((hold) => ({
        ...hold,
        ...pushWords("held", hold, hold.strength, { to: movedTo(hold, state.get("card"), run) }),
      }));
    fill(
      held,
      lines.map((hold) =>
        h(
          "p",
          { class: `row direction-head direction-${hold.role}` },
          mark(hold.role),
          h("b", { class: "name" }, hold.label),
          h("span", { class: "latent mono" }, hold.short),
          h("span", { class: "value" }, hold.words, h("b", {}, hold.value)),
        )
      ),
    );
  }

  function restAll() {
    resetAll(state);
    focusActive();
  }

  function focusActive() {
    rows[state.get("active")]?.focus();
  }
}

// A phone has no room for the rest of its words.
function button(attributes, words, rest) {
  const said = h("span", {}, words, h("span", { class: "wide" }, rest));
  return h("button", { type: "button", class: "button button-plain", ...attributes }, said);
}

// A target can be pushed in two ways at once, so the second of the same is another.
function keysOf(list) {
  const seen = new Map();
  return list.map(({ target, label, role }) => {
    const name = JSON.stringify([keyOf(target), label, role]);
    seen.set(name, (seen.get(name) ?? 0) + 1);
    return `${name} ${seen.get(name)}`;
  });
}
