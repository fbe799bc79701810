// The axes of a figure's plots, as Plotly takes them: ranges, ticks, labels and the room that they need. Pure; the colours
// are given.

import { cellText, valuesOf } from "../table_text.js";
import { before, beside, LETTER, LINE, longest, told } from "./labels.js";

export const MOST_LABEL = 0.42; // of the width
const BEHIND = 14; // px, between a label and its axis
const HEAD = 216; // px, of a plot above its x axis
export const SHARES = [0, 0.25, 0.5, 0.75, 1];

export function axis({ columns, rows, panel, plot, colour }, column, { zero = false, lines = true } = {}) {
  const base = {
    fixedrange: true,
    tickangle: 0,
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

/** Where words stand: beside each other below the plot, or `across`, below each other before it. */
export function wordAxis(table, xs, across) {
  const { texts } = across ? before(xs, headOf(table, xs) - BEHIND) : beside(xs, slotOf(table, xs));
  return {
    type: "category",
    fixedrange: true,
    showgrid: false,
    ticks: "",
    categoryorder: "array",
    categoryarray: xs.map(told),
    tickvals: xs.map(told),
    ticktext: texts,
    ...(across ? { autorange: "reversed" } : { tickangle: 0 }),
  };
}

export function margins(table, xs, across) {
  if (across) return { l: headOf(table, xs), r: 12, t: 4, b: 28 };
  return { l: 48, r: 12, t: 8, b: footOf(table, xs) };
}

/** px before an axis for what stands below each other there. */
const headOf = ({ width }, xs) => Math.min(MOST_LABEL * width, BEHIND + LETTER * longest(xs));

export const slotOf = ({ width }, xs) => (width - 60) / Math.max(1, xs.length);

const isWords = (xs) => typeof xs[0] === "string";

const footOf = (table, xs) => 11 + (isWords(xs) ? beside(xs, slotOf(table, xs)).height : LINE);

export const upright = (table, xs) => HEAD + footOf(table, xs);

/** How tall a label is that stands across, in px. */
export const acrossHeight = (table, xs) => before(xs, headOf(table, xs) - BEHIND).height;

/** What the numbers on the x axis mean, where words did not fit. @returns {string[]} */
export const listed = (table, xs) => (isWords(xs) ? beside(xs, slotOf(table, xs)).list : []);

// ---- words on a plot

/** A row in words, a line for each column. */
export const about = (columns, row) =>
  columns.map((column, i) =>
    `${told(column.name)} <b>${told(cellText(row[i], column))}</b>${
      column.unit && typeof row[i] === "number" ? ` ${told(column.unit)}` : ""
    }`
  ).join("<br>");

export const given = (column) => column !== null && column !== undefined;
