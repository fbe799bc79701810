// The heat map as Plotly draws it: cells tinted by role, numbers where they fit, the names of tokens above and, where
// the steered answer differs, below. Pure; where the numbers come from, run/map/grid.js knows.

import { ROLES } from "../../core/protocol.js";
import { numberOf } from "./grid.js";

/** Around the cells, px: names of tokens are aslant above and below. */
export const MARGIN = { left: 2, right: 34, top: 64, bottom: 76 };

const NUMBER_PX = 13; // monospace: .61 as wide as high
const AIR_PX = 2;
const MOST_NUMBERS = 800; // written into cells; each is an element
const FONT = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace";

/** @param {import("./grid.js").Grid} grid */
export function heatFigure(grid, { colour, width, selected }) {
  const cell = (width - MARGIN.left - MARGIN.right) / grid.columns;
  const axis = {
    range: [-0.5, grid.columns - 0.5],
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    ticks: "",
    tickfont: { color: colour("--ink-2") },
    ticklabeloverflow: "allow", // else each label is measured, which takes as long as all the rest
  };
  const unseen = { x: [0], y: [0], xaxis: "x2", mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip" };
  return {
    data: [...Object.keys(ROLES).map((role) => heat(grid, role, colour)), unseen],
    layout: {
      margin: { l: MARGIN.left, r: MARGIN.right, t: MARGIN.top, b: MARGIN.bottom },
      font: { family: FONT, size: 13, color: colour("--ink-3") },
      xaxis: { ...axis, side: "top", tickangle: -45, ...ticks(grid.above) },
      xaxis2: { ...axis, side: "bottom", tickangle: 45, overlaying: "x", ...ticks(grid.below) },
      yaxis: {
        range: [grid.edges.at(-1), 0],
        fixedrange: true,
        showgrid: false,
        zeroline: false,
        showticklabels: false,
        ticks: "",
      },
      annotations: [...numbers(grid, cell, colour), ...captions(grid, colour)],
      shapes: frames(grid, selected, colour),
    },
  };
}

function heat(grid, role, colour) {
  const blank = new Array(grid.columns).fill(null);
  const most = grid.most || 1;
  const differs = grid.side === "difference";
  const own = grid.bands.map((row) => (row?.role === role ? row : null));
  return {
    type: "heatmap",
    x: blank.map((_, x) => x),
    y: grid.edges,
    z: own.map((row) => row?.values ?? blank),
    text: own.map((row) => (row ? row.values.map((value, x) => hover(grid, row, value, x)) : blank)),
    hovertemplate: "%{text}<extra></extra>",
    hoverongaps: false,
    zmin: differs ? -most : 0,
    zmax: most,
    colorscale: [
      ...(differs ? [[0, colour("--tint-other")]] : []),
      [differs ? 0.5 : 0, colour("--sunken")],
      [1, colour(`--tint-${role}`)],
    ],
    showscale: false,
    xgap: 1,
    ygap: 1,
  };
}

function hover(grid, { short, label, side }, value, x) {
  if (value === null) return "";
  const pos = x < grid.n_prompt ? x : x - 1;
  return `${safe(short)} ${safe(label)}<br>${side}, token ${pos}<br><b>${numberOf(side, value)}</b>`;
}

function numbers({ rows }, cell, colour) {
  const all = rows.flatMap(({ side, values, from, to }) =>
    values.flatMap((value, x) => (value ? [{ x, y: (from + to) / 2, side, value }] : []))
  );
  if (all.length > MOST_NUMBERS) return [];
  const texts = fitting(all, cell);
  return texts.map((text, i) => ({
    x: all[i].x,
    y: all[i].y,
    text,
    showarrow: false,
    font: { size: NUMBER_PX, color: colour("--ink") },
  }));
}

/** All of them with three digits, where each fits its cell, else with two, else none: one that reached into the next
 * cell would read as one number with it. @param {{ side: string, value: number }[]} all @param {number} cell px */
export function fitting(all, cell) {
  for (const digits of [3, 2]) {
    const texts = all.map(({ side, value }) => short(side, value, digits));
    if (texts.every((text) => 0.61 * NUMBER_PX * text.length + AIR_PX <= cell)) return texts;
  }
  return [];
}

// Cells are narrow: two digits below 1.
function short(side, value, digits) {
  if (digits > 2 && Math.abs(value) >= 1) return numberOf(side, value);
  const few = Math.abs(value) >= 10 ? Math.round(value) : Number(value.toPrecision(2));
  return (side === "difference" && value > 0 ? "+" : "") + String(few).replace("-", "−");
}

function captions({ n_prompt, steered, below }, colour) {
  const font = { size: 13, color: colour("--ink-3") };
  const at = { y: 0, yref: "paper", xanchor: "left", yanchor: "top", yshift: -4, showarrow: false, font };
  const prompt = steered.length ? "prompt; frames mark what is steered" : "prompt";
  return [
    { ...at, x: -0.5, text: prompt },
    ...(below.length ? [] : [{ ...at, x: n_prompt + 0.5, text: "answer" }]),
  ];
}

function frames({ steered, edges }, selected, colour) {
  const frame = (first, last, line) => {
    return { type: "rect", x0: first - 0.5, x1: last + 0.5, y0: 0, y1: edges.at(-1), line };
  };
  return [
    ...steered.map(([first, last]) => frame(first, last, { color: colour("--ink"), width: 1.25 })),
    ...(selected === null ? [] : [frame(selected, selected, { color: colour("--ink"), width: 2.5 })]),
  ];
}

const ticks = (names) => ({ tickvals: names.map(({ x }) => x), ticktext: names.map(({ text }) => safe(text)) });

// Plotly reads a few tags and entities in labels; a token must not become one.
const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
