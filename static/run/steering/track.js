// The track of a slider: thumb, fill and stops, moved by pointer and keys. It snaps to the strengths that are
// computed; where the page is live, Shift gives any between them. Nothing is measured while one drags.

import { modeOf } from "./amount.js";
import { untouchedOf } from "./measurement.js";
import { ticks } from "../../parts/scale.js";
import { share } from "./axis.js";
import { fill, h } from "../../core/dom.js";
import { activate, choose, nearest, rangeOf, stopsOf } from "./sliders.js";
import { fine, stepped } from "./stops.js";

/** `at()` is the slider's index among the page's; `type()` opens the entry of an exact strength, where there is one. */
export function track(state, { id, label, describedby, at, type }) {
  const live = Boolean(state.get("live"));
  const slider = () => state.get("sliders")[at()];
  const value = () => state.get("values")[at()] ?? null;
  const place = () => value() ?? restOf(state.get("run"), slider());
  const set = (strength) => choose(state, at(), strength);

  let shift = false; // whether Shift is held while one drags: an input event doesn't say
  let asked = null; // a strength that waits for the next frame
  let frame = 0;
  let drawn = ""; // the stops and their range

  const input = h("input", {
    type: "range",
    id,
    class: "slider",
    "aria-label": label,
    "aria-describedby": describedby,
    step: "any",
    onpointerdown: (event) => (shift = event.shiftKey),
    onpointermove: (event) => (shift = event.shiftKey),
    oninput: drag,
    onclick: () => activate(state, at()),
    onkeydown: press,
    ondblclick: rest,
  });
  const stops = h("div", { class: "stops", "aria-hidden": "true" });
  const root = h("div", { class: "track" }, h("span", { class: "rail" }), h("span", { class: "filled" }), stops, input);
  return { root, input, draw, remove: () => cancelAnimationFrame(frame) };

  function drag() {
    const x = Number(input.value);
    const grid = stopsOf(slider());
    asked = live && shift ? fine(grid, x) : nearest(grid, x);
    input.value = asked;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      set(asked);
    });
  }

  function press(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const act = keyed(event);
    if (!act) return;
    event.preventDefault();
    act();
  }

  function keyed({ key, shiftKey }) {
    const grid = stopsOf(slider());
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4 }[key];
    if (by && live && shiftKey) {
      const [low, high] = rangeOf(slider(), value());
      return () => set(Math.min(Math.max(fine(grid, place(), by), low), high));
    }
    if (by) return () => set(stepped(grid, place(), by));
    return {
      Home: () => set(grid[0]),
      End: () => set(grid.at(-1)),
      Delete: rest,
      Backspace: rest,
      Enter: type,
    }[key];
  }

  function rest() {
    cancelAnimationFrame(frame);
    frame = 0;
    set(null);
  }

  /** `axis`: the range that it shares with the sliders of its unit, null: its own. `said`: its value in words. */
  function draw({ axis, said }) {
    const range = rangeOf(slider(), value());
    const own = axis ?? range;
    if (Number(input.min) !== range[0] || Number(input.max) !== range[1]) [input.min, input.max] = range;
    if (!frame) input.value = place();
    input.setAttribute("aria-valuetext", said);
    const zero = restOf(state.get("run"), slider());
    for (const [name, x] of Object.entries({ low: range[0], high: range[1], zero, at: place() })) {
      root.style.setProperty(`--${name}`, share(x, own));
    }
    const grid = stopsOf(slider());
    if (`${own}|${grid}` === drawn) return;
    drawn = `${own}|${grid}`;
    const long = ticks(own);
    fill(
      stops,
      grid.map((x) => h("i", { class: long.includes(x) ? "long" : null, style: { "--x": share(x, own) } })),
    );
  }
}

// Where a slider rests: at its mode's idle strength; where the mode has none, at what the untouched model does.
function restOf(run, slider) {
  const idle = modeOf(slider).idle;
  if (idle !== null) return idle;
  const [low, high] = rangeOf(slider);
  return Math.min(Math.max(untouchedOf(run, slider) ?? 0, low), high);
}
