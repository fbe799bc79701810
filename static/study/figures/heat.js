// A figure as a map, value by x and y, as Plotly takes it. Pure; the colours are given.

import { cellText, isNumeric, valuesOf } from "../table_text.js";
import {
  about,
  given,
  LETTER,
  longest,
  MOST_LABEL,
  short,
  SLANT,
  SLANTED_LABEL,
  slantedFoot,
  slantedHead,
  told,
} from "./axes.js";
import { looksOf, roleOf } from "./roles.js";

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
  const words = Math.min(MOST_LABEL * width, 14 + LETTER * longest(ys));
  const slanted = longest(xs) * LETTER > (width - words) / xs.length;
  const left = slanted ? Math.max(words, slantedHead(xs, width)) : words;
  const cell = (width - left) / xs.length;
  const roomy = cell >= 8 * LETTER; // for "> −0.001"
  const foot = slanted ? slantedFoot(xs) : 24;
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
        textfont: { size: 11 },
      }),
    },
  ];
  const label = (list, room) => ({
    type: "category",
    showgrid: false,
    ticks: "",
    fixedrange: true,
    tickvals: list.map(told),
    ticktext: list.map((one) => told(short(one, room))),
  });
  const ascending = isNumeric(rows, plot.y);
  const layout = {
    xaxis: { ...label(xs, slanted ? SLANTED_LABEL : cell), tickangle: slanted ? SLANT : 0 },
    yaxis: { ...label(ys, left), autorange: ascending ? true : "reversed" },
    margin: { l: left, r: 4, t: 4, b: foot },
  };
  return { data, layout, height: 4 + foot + ys.length * (ys.length > 30 ? 14 : 24) };
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
