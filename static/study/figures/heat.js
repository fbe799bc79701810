// A figure as a map, value by x and y, as Plotly takes it. Pure; the colours are given.

import { cellText, isNumeric, valuesOf } from "../table_text.js";
import { about, given, MOST_LABEL } from "./axes.js";
import { before, beside, LETTER, LINE, longest, longestWord, told } from "./labels.js";
import { looksOf, roleOf } from "./roles.js";

const BEHIND = 14; // px, between a label and its axis

/** How wide a map wants to be, in px, so that its words need no numbers. */
export function heatRoom({ rows, plot }) {
  const [xs, ys] = [plot.x, plot.y].map((column) => valuesOf(rows, column));
  if (isNumeric(rows, plot.x)) return 0;
  return BEHIND + LETTER * longest(ys) + xs.length * LETTER * (1 + longestWord(xs));
}

export function heat(table) {
  const { plot, panel, rows, columns, colour, width } = table;
  const [xs, ys] = [plot.x, plot.y].map((column) => {
    const found = valuesOf(rows, column);
    return isNumeric(rows, column) ? found.sort((a, b) => a - b) : found;
  });
  const at = new Map(panel.map((row) => [JSON.stringify([row[plot.x], row[plot.y]]), row]));
  const grid = ys.map((y) => xs.map((x) => at.get(JSON.stringify([x, y])) ?? null));
  const values = grid.map((line) => line.map((row) => row?.[plot.value] ?? null));
  const [zmin, zmax] = heatRange(table);
  const left = Math.min(MOST_LABEL * width, BEHIND + LETTER * longest(ys));
  const cell = (width - left) / xs.length;
  const below = isNumeric(rows, plot.x) ? { texts: xs.map(told), height: LINE, list: [] } : beside(xs, cell);
  const aside = before(ys, left - BEHIND);
  const roomy = cell >= 8 * LETTER; // for "> −0.001"
  const row = Math.max(ys.length > 30 ? 14 : 24, aside.height + 4);
  const data = [
    {
      type: "heatmap",
      x: xs.map(told),
      y: ys.map(told),
      z: values,
      zmin,
      zmax,
      colorscale: scale(table, colour),
      showscale: false,
      xgap: 1,
      ygap: 1,
      hoverinfo: "text",
      hovertext: grid.map((line) => line.map((row) => (row ? about(columns, row) : ""))),
      ...(roomy && {
        text: values.map((line) => line.map((value) => (value === null ? "" : cellText(value, columns[plot.value])))),
        texttemplate: "%{text}",
        textfont: { size: 13 },
      }),
    },
  ];
  const label = (list, texts) => ({
    type: "category",
    showgrid: false,
    ticks: "",
    fixedrange: true,
    tickvals: list.map(told),
    ticktext: texts,
  });
  const ascending = isNumeric(rows, plot.y);
  const foot = below.height + 11;
  const layout = {
    xaxis: { ...label(xs, below.texts), tickangle: 0 },
    yaxis: { ...label(ys, aside.texts), autorange: ascending ? true : "reversed" },
    margin: { l: left, r: 4, t: 4, b: foot },
  };
  return { data, layout, height: 4 + foot + ys.length * row, list: below.list };
}

/** Lowest and highest colour of a heat map, over all its panels. @returns {[number, number]} */
export function heatRange({ rows, plot }) {
  const values = rows.map((row) => row[plot.value]).filter((value) => value !== null);
  const most = Math.max(0, ...values.map(Math.abs));
  if (plot.diverging) return [-(most || 1), most || 1];
  return [Math.min(0, ...values), Math.max(0, ...values) || 1];
}

/** The custom properties that a heat map runs through, from its lowest to its highest colour. */
export function heatStops({ rows, plot }) {
  if (plot.diverging) return ["--inhibit", "--sunken", "--ink"];
  const roles = !given(plot.role) ? ["other"] : [...new Set(rows.map((row) => roleOf(row[plot.role])))];
  const hue = roles.length === 1 && ["known", "unknown", "refused"].includes(roles[0])
    ? looksOf(roles)[0].fill
    : "--ink-2";
  return ["--sunken", hue];
}

function scale(figure, colour) {
  const stops = heatStops(figure);
  return stops.map((name, i) => [i / (stops.length - 1), colour(name)]);
}
