// The axes of a figure's plots, as Plotly takes them: ranges, ticks, labels and the room that they need. Pure; the colours
// are given.

import { cellText, valuesOf } from "../table_text.js";

export const LETTER = 6.8; // px, about, of an axis label in the widest of the usual fonts
export const MOST_LABEL = 0.42; // of the width
const BEHIND = 14; // px, between a label and its axis
export const SLANT = -35; // degrees
export const SLANTED_LABEL = 130; // px
export const SHARES = [0, 0.25, 0.5, 0.75, 1];

export function axis({ columns, rows, panel, plot, colour }, column, { zero = false, lines = true } = {}) {
  const base = {
    fixedrange: true,
    zeroline: true,
    zerolinecolor: colour("--rule-2"),
    zerolinewidth: 1,
    gridcolor: colour("--rule"),
    showgrid: lines,
    ticks: "",
  };
  const isY = column === plot.y;
  const [least, most] = isY ? [plot.y_min ?? null, plot.y_max ?? null] : [null, null];
  const foot = zero ? 0.01 : 0.03; // what lies on the axis is not cut
  if (
    columns[column].unit === "share" && (least ?? 0) === 0 && (most ?? 1) === 1 &&
    withinOne(rows, [column, plot.low, plot.high])
  ) {
    return { ...base, range: [-foot, 1.03], tickvals: SHARES };
  }
  if (!isY) {
    const [low, high] = extent(rows, [column], false);
    const room = 0.05 * (high - low || 1);
    return { ...base, ...whole(rows, column), ...(plot.form !== "bars" && { range: [low - room, high + room] }) };
  }
  // Without a unit the panels are of different things, and each has an axis of its own.
  const [low, high] = extent(
    columns[column].unit ? rows : panel,
    [column, plot.low, plot.high, plot.q1, plot.q3],
    zero,
  );
  const room = high - low || 1;
  return {
    ...base,
    nticks: 6,
    range: [least ?? low - (low === 0 ? foot : 0.06) * room, most ?? high + (high === 0 ? foot : 0.06) * room],
  };
}

/** Layers, heads and the like stand at whole numbers. */
function whole(rows, column) {
  const values = valuesOf(rows, column);
  return values.length < 14 && values.every(Number.isInteger) ? { tickvals: values } : { nticks: 8 };
}

function withinOne(rows, columns) {
  const [low, high] = extent(rows, columns, true);
  return low >= 0 && high <= 1;
}

function extent(rows, columns, zero) {
  const values = columns
    .filter(given)
    .flatMap((column) => rows.map((row) => row[column]))
    .filter((value) => typeof value === "number");
  if (zero) values.push(0);
  if (!values.length) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === 0 && high === 0 ? [0, 1] : [low, high];
}

export function wordAxis({ width }, xs, across) {
  const room = across ? MOST_LABEL * width - BEHIND : isSlanted(xs, width) ? SLANTED_LABEL : width;
  return {
    type: "category",
    fixedrange: true,
    showgrid: false,
    ticks: "",
    categoryorder: "array",
    categoryarray: xs.map(told),
    tickvals: xs.map(told),
    ticktext: xs.map((one) => told(short(one, room))),
    ...(across ? { autorange: "reversed" } : { tickangle: isSlanted(xs, width) ? SLANT : 0 }),
  };
}

export function margins({ width }, xs, across) {
  if (across) return { l: Math.min(MOST_LABEL * width, BEHIND + LETTER * longest(xs)), r: 10, t: 4, b: 24 };
  const slanted = isSlanted(xs, width);
  return { l: slanted ? Math.max(56, slantedHead(xs, width)) : 40, r: 12, t: 8, b: slanted ? slantedFoot(xs) : 24 };
}

/** Room at the left for slanted labels, which end at their place and so begin before it. */
export function slantedHead(xs, width) {
  const slot = (width - 68) / Math.max(1, xs.length);
  const reach = (one, i) =>
    Math.cos(SLANT * Math.PI / 180) * Math.min(SLANTED_LABEL, LETTER * cellText(one).length) + 8 - (i + 0.5) * slot;
  return Math.max(0, ...xs.map(reach));
}

export const upright = ({ width }, xs) => 216 + (isSlanted(xs, width) ? slantedFoot(xs) : 24);

const isSlanted = (xs, width) =>
  typeof xs[0] === "string" && longest(xs) * LETTER > (width - 44) / Math.max(1, xs.length);

export const slantedFoot = (xs) => 16 + Math.min(0.58 * SLANTED_LABEL, 0.58 * LETTER * longest(xs));

// ---- words on a plot

// Plotly reads text as markup of its own; here it is text.
export const told = (cell) => cellText(cell).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** A row in words, a line for each column. */
export const about = (columns, row) =>
  columns.map((column, i) =>
    `${told(column.name)} <b>${told(cellText(row[i], column))}</b>${
      column.unit && typeof row[i] === "number" ? ` ${told(column.unit)}` : ""
    }`
  ).join("<br>");

export const longest = (list) => Math.max(0, ...list.map((one) => cellText(one).length));

export function short(cell, room) {
  const text = cellText(cell);
  const most = Math.max(6, Math.floor(room / LETTER));
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export const given = (column) => column !== null && column !== undefined;
