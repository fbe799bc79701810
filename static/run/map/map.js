// Tokens by watched latents, prompt and answer: the baseline, what is steered, both, or their difference. One scale for
// all. From `start`, `prompt` (activations in the prompt) and `step` (those of answer tokens). Drawn when the sliders
// rest, and only while somebody can see it.

import { chart } from "../../core/chart.js";
import { fill, h, listen } from "../../core/dom.js";
import { sig3 } from "../../core/format.js";
import { gridOf, gridTable, SIDES } from "./grid.js";
import { watches } from "../names.js";
import { armAt, lastEntity } from "../run.js";
import { heatFigure, MARGIN } from "./heat.js";
import { rowHeads } from "./heads.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { shownWords } from "../picture/words.js";

const CELL = 24; // px, the least
const UNIT = { wide: 24, thumb: 44 }; // height of a row, px; a name that stands at one row must fit a thumb on a phone
const REST_MS = 120;

export function latentMap(element, state) {
  const about = h("span", { class: "note" });
  const sides = sideChoice(state);
  const watch = h(
    "button",
    { class: "button", type: "button", onclick: () => state.set("lookup", { purpose: "watch" }) },
    "Watch a latent…",
  );
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const heads = h("ul", { class: "map-heads" });
  const plot = h("div", { class: "map-plot pending-plot" });
  const region = "Heat map, tokens by latents; the table says the same";
  const wrap = h("div", { class: "map-wrap", tabindex: "0", role: "region", "aria-label": region }, heads, plot);
  const behind = h("div", { class: "behind" });
  const save = pictureButtons(() => [about, wrap], () => shownWords("Tokens × latents", state, linkHere(location)));
  const tools = h("div", { class: "row push map-tools" }, sides, watch, save, button);
  fill(element, h("div", { class: "row map-head" }, h("h2", {}, "Tokens × latents"), about, tools), wrap, behind);
  const figure = chart(plot, (colour, width) => {
    const grid = read(state);
    return grid && heatFigure(grid, { colour, width, selected: columnOf(state, grid) });
  });
  const names = rowHeads(heads, state);
  let timer = 0;
  let inView = false;
  let shown = null; // the tokens that the map was scrolled for
  const sight = new IntersectionObserver(
    ([entry]) => {
      inView = entry.isIntersecting;
      later();
    },
    { rootMargin: "400px 0px" },
  );
  sight.observe(wrap);
  const offs = [
    () => sight.disconnect(),
    state.on(["run", "steer", "card", "token", "side"], later),
    state.on(["live", "side"], () => {
      watch.hidden = !state.get("live");
      for (const input of sides.querySelectorAll("input")) input.checked = input.value === sideOf(state);
    }),
    listen(plot, "click", select),
    tableButton(button, behind, state, ["run", "steer", "card", "side"], () => gridTable(read(state))),
  ];
  return () => {
    clearTimeout(timer);
    for (const off of offs) off();
    figure.remove();
    fill(element);
  };

  function later() {
    clearTimeout(timer);
    if (inView) timer = setTimeout(redraw, REST_MS);
  }

  function redraw() {
    const grid = read(state);
    const n = watches(state.get("run"), state.get("card")).length || 2;
    const narrow = wrap.clientWidth < 600;
    const single = sideOf(state) !== "both";
    const unit = narrow && single ? UNIT.thumb : UNIT.wide;
    const rows = grid ? grid.edges.at(-1) : n * (single ? 1 : 2) + 0.3 * (n - 1);
    plot.style.setProperty("height", `${MARGIN.top + rows * unit + MARGIN.bottom}px`);
    if (!grid) return;
    plot.style.setProperty("min-width", `${MARGIN.left + CELL * grid.columns + MARGIN.right}px`);
    fill(about, aboutOf(grid));
    names.draw(grid, unit);
    figure.draw();
    showTheName(grid);
  }

  // Where the map is wider than the page, the name comes into sight once for each question.
  function showTheName({ columns }) {
    const { tokens } = state.get("run").start;
    if (shown === tokens) return;
    shown = tokens;
    const cell = plot.clientWidth / columns;
    wrap.scrollLeft = cell * (lastEntity(state.get("run")) + 0.5) - (wrap.clientWidth - heads.clientWidth) / 2;
  }

  function select({ clientX }) {
    const grid = read(state);
    if (!grid) return;
    const { left, width } = plot.getBoundingClientRect();
    const x = Math.floor(((clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * grid.columns);
    if (x < 0 || x >= grid.columns || x === grid.n_prompt) return;
    const run = state.get("run");
    const pos = x < grid.n_prompt ? x : x - 1;
    const n = grid.n_prompt + (run.arms[armAt(run, state.get("steer"))]?.tokens.length ?? 0);
    if (pos < n) state.set("token", pos);
  }
}

const sideOf = (state) => (Object.hasOwn(SIDES, state.get("side") ?? "") ? state.get("side") : "both");

const read = (state) => gridOf(state.get("run"), state.get("card"), state.get("steer"), sideOf(state));

function columnOf(state, { n_prompt, columns }) {
  const pos = state.get("token") ?? null;
  const x = pos === null || pos < n_prompt ? pos : pos + 1;
  return x !== null && x < columns ? x : null;
}

function aboutOf({ side, pushed, most }) {
  const rest = pushed || side === "baseline" ? "" : "; nothing is pushed";
  if (side !== "difference") return `activation, in units of each latent; one scale, 0 to ${sig3(most)}${rest}`;
  if (!pushed) return "steered − baseline; nothing is pushed";
  const ends = `−${sig3(most)} (grey) to +${sig3(most)}, 0 in the middle`;
  return `steered − baseline, in units of each latent; ${ends}; as far as both answers are the same`;
}

function sideChoice(state) {
  return h(
    "fieldset",
    { class: "segmented" },
    h("legend", { class: "sr" }, "Show of each latent"),
    Object.entries(SIDES).map(([id, name]) => {
      const onchange = () => state.set("side", id);
      return h("label", {}, h("input", { type: "radio", name: "side", value: id, onchange }), name);
    }),
  );
}
