// A figure's table as what Plotly draws (protocol/worker/study_frames.py Plot). Knows neither the page nor the network; the
// colours are given.

import { headOf, isNumeric, valuesOf } from "../table_text.js";
import { heat, heatRoom } from "./heat.js";
import { controlOf, seriesOf } from "./series.js";
import { about, acrossHeight, axis, given, listed, margins, SHARES, slotOf, upright, wordAxis } from "./axes.js";
import { beside, told } from "./labels.js";

const GAP = 12; // px, of a bar of a group

/** Plotly's { data, layout } of a panel, how tall it wants to be, and what numbers on its x axis mean, if they do. */
export function plotOf(figure, rows, colour, width) {
  const table = {
    ...figure,
    panel: rows,
    series: seriesOf(figure),
    numeric: isNumeric(figure.rows, figure.plot.x),
    colour,
    width,
  };
  const made = FORMS[figure.plot.form](table);
  return { list: [], ...made, layout: { ...made.layout, height: made.height } };
}

const FORMS = { bars, line, points, heat, roc, box };

function bars(table) {
  const { plot, panel, series, numeric, colour } = table;
  const control = controlOf(table);
  const xs = valuesOf(table.rows, plot.x);
  const mine = series.filter((one) => panel.some(one.is));
  const across = lying(table, xs, mine.length);
  // A trace has one look: Plotly draws the hatching of several in a colour that it chooses itself, with a warning each.
  const data = mine.flatMap(({ name, is, parts, partOf }) =>
    parts.map((part) => {
      const own = panel.filter((row) => is(row) && partOf(row) === part);
      const labels = own.map((row) => (numeric ? row[plot.x] : told(row[plot.x])));
      const drawn = (column) => {
        const values = own.map((row) => row[column]);
        return {
          type: "bar",
          offsetgroup: told(name), // the place in a group is the series', whatever its look
          orientation: across ? "h" : "v",
          ...(across ? { x: values, y: labels } : { x: labels, y: values }),
          ...hover(table, own),
        };
      };
      const effect = {
        ...drawn(plot.y),
        name: told(name),
        ...spread(table, own, across ? "error_x" : "error_y"),
        marker: filled(part.look, colour),
      };
      return control ? [effect, { ...drawn(plot.control), name: control.name, marker: outlined(colour) }] : effect;
    }).flat().filter(({ x }) => x.length > 0)
  );
  const value = axis(table, plot.y, { zero: true });
  const words = numeric ? axis(table, plot.x, {}) : wordAxis(table, xs, across);
  const height = across
    ? 36 + xs.length * Math.max(mine.length * 10 + GAP, acrossHeight(table, xs) + 4)
    : upright(table, xs);
  const layout = {
    barmode: "group",
    bargap: 0.3,
    bargroupgap: 0.08,
    xaxis: across ? value : words,
    yaxis: across ? words : value,
  };
  return { data, layout: { ...layout, margin: margins(table, xs, across) }, height, lying: across };
}

function line(table) {
  const { plot, panel, series, numeric, colour } = table;
  const xs = valuesOf(table.rows, plot.x);
  const behind = [...series].sort((a, b) => Number(b.role === "control") - Number(a.role === "control")); // effects over their controls
  const data = behind.flatMap(({ role, is, partOf }) => {
    const own = panel.filter(is);
    if (!own.length) return [];
    const { name, look } = partOf(own[0]);
    const x = own.map((row) => (numeric ? row[plot.x] : told(row[plot.x])));
    const bound = (column) => ({
      x,
      y: own.map((row) => row[column]),
      mode: "lines",
      line: { width: 0 },
      hoverinfo: "skip",
    });
    const band = !given(plot.low) || !given(plot.high) ? [] : [bound(plot.high), {
      ...bound(plot.low),
      fill: "tonexty",
      fillcolor: role === "control" ? colour("--band") : faint(colour(look.fill)),
    }];
    const drawn = {
      x,
      y: own.map((row) => row[plot.y]),
      name: told(name),
      mode: "lines+markers",
      line: { color: colour(look.fill), width: 2, dash: look.dash ?? "solid" },
      marker: marker(look, colour, own.length > 40 ? 4 : 7),
      cliponaxis: false,
      ...hover(table, own),
    };
    return [...band, drawn];
  });
  const layout = {
    xaxis: numeric ? axis(table, plot.x, { lines: false }) : wordAxis(table, xs, false),
    yaxis: axis(table, plot.y, {}),
    margin: margins(table, xs, false),
  };
  return { data, layout, height: upright(table, xs), list: listed(table, xs) };
}

function points(table) {
  const { plot, panel, series, numeric, colour } = table;
  const xs = valuesOf(table.rows, plot.x);
  const size = panel.length > 60 ? 5 : 8;
  const data = series
    .filter(({ is }) => panel.some(is))
    .map(({ is, partOf }) => {
      const own = panel.filter(is);
      const { name, look } = partOf(own[0]);
      return {
        x: own.map((row) => (numeric ? row[plot.x] : told(row[plot.x]))),
        y: own.map((row) => row[plot.y]),
        name: told(name),
        mode: "markers",
        marker: { ...marker(look, colour, size), opacity: panel.length > 60 ? 0.75 : 1 },
        cliponaxis: false,
        ...spread(table, own, "error_y"),
        ...hover(table, own),
      };
    });
  const layout = {
    xaxis: numeric ? axis(table, plot.x, {}) : wordAxis(table, xs, false),
    yaxis: axis(table, plot.y, {}),
    margin: margins(table, xs, false),
  };
  return { data, layout, height: 40 + upright(table, xs), list: listed(table, xs) };
}

function roc(table) {
  const { plot, panel, series, colour } = table;
  const chance = {
    x: [0, 1],
    y: [0, 1],
    mode: "lines",
    line: { color: colour("--rule-2"), width: 1, dash: "2px,3px" },
    hoverinfo: "skip",
  };
  const lines = series
    .filter(({ is }) => panel.some(is))
    .map(({ is, partOf }) => {
      const own = panel.filter(is);
      const { name, look } = partOf(own[0]);
      return {
        x: own.map((row) => row[plot.x]),
        y: own.map((row) => row[plot.y]),
        name: told(name),
        mode: own.length > 30 ? "lines" : "lines+markers",
        line: { color: colour(look.fill), width: 2, dash: look.dash ?? "solid", shape: "linear" },
        marker: marker(look, colour, 5),
        cliponaxis: false,
        ...hover(table, own),
      };
    });
  const unit = { ...axis(table, plot.y, {}), range: [-0.03, 1.03], tickvals: SHARES };
  return {
    data: [chance, ...lines],
    layout: { xaxis: unit, yaxis: unit, margin: margins(table, [], false) },
    height: 300,
  };
}

function box(table) {
  const { plot, panel, series, numeric, colour } = table;
  const xs = valuesOf(table.rows, plot.x);
  const measured = panel.filter((row) => given(row[plot.y])); // a class without answers has no box
  const data = series
    .filter(({ is }) => measured.some(is))
    .map(({ is, partOf }) => {
      const own = measured.filter(is);
      const { name, look } = partOf(own[0]);
      const column = (number) => own.map((row) => row[number]);
      return {
        type: "box",
        name: told(name),
        x: numeric ? column(plot.x) : column(plot.x).map(told),
        lowerfence: column(plot.low),
        q1: column(plot.q1),
        median: column(plot.y),
        q3: column(plot.q3),
        upperfence: column(plot.high),
        line: { color: colour(look.fill), width: 1.5 },
        fillcolor: look.hollow || look.shape.endsWith("open") ? colour("--bg") : faint(colour(look.fill), 0.3),
        whiskerwidth: 0.4,
        hoverinfo: "skip",
      };
    });
  const layout = {
    boxmode: "group",
    boxgap: 0.35,
    boxgroupgap: 0.25,
    xaxis: numeric ? axis(table, plot.x, { lines: false }) : wordAxis(table, xs, false),
    yaxis: axis(table, plot.y, {}),
    margin: margins(table, xs, false),
  };
  return { data, layout, height: 20 + upright(table, xs), list: listed(table, xs) };
}

// ---- what forms share

const hover = ({ columns }, rows) => ({ hoverinfo: "text", hovertext: rows.map((row) => about(columns, row)) });

/** Bars lie where their words or their number would not fit beside each other. */
function lying(table, xs, nSeries) {
  if (table.numeric) return false;
  const room = slotOf(table, xs);
  return beside(xs, room).list.length > 0 || room / (nSeries + 0.5) < 7;
}

function filled({ fill, hatch, hollow }, colour) {
  const ground = colour(hollow ? "--band" : fill);
  return {
    color: ground,
    line: { color: colour(fill), width: 1 },
    pattern: {
      shape: hatch,
      size: 6,
      solidity: 0.25,
      bgcolor: ground,
      fgcolor: colour(hollow ? fill : "--bg"),
      fgopacity: 0.9,
    },
  };
}

/** Of a control over its bar: what lies under it is seen. */
const outlined = (colour) => ({ color: faint(colour("--bg"), 0.5), line: { color: colour("--ink"), width: 1.5 } });

function marker(look, colour, size) {
  const thin = /thin|asterisk/.test(look.shape);
  return {
    symbol: look.shape,
    size: thin ? size + 1 : size,
    color: colour(look.fill),
    line: { color: colour(look.fill), width: thin ? 2 : 1.5 },
  };
}

function spread({ plot, colour }, rows, which) {
  if (!given(plot.low) || !given(plot.high)) return {};
  const y = (row) => row[plot.y];
  const away = (a, b) => (a === null || b === null ? 0 : Math.max(0, a - b));
  return {
    [which]: {
      type: "data",
      symmetric: false,
      array: rows.map((row) => away(row[plot.high], y(row))),
      arrayminus: rows.map((row) => away(y(row), row[plot.low])),
      color: colour("--ink"),
      thickness: 1.25,
      width: 3,
    },
  };
}

function faint(rgb, alpha = 0.16) {
  const parts = rgb.match(/[\d.]+/g) ?? [0, 0, 0];
  return `rgba(${parts.slice(0, 3).join(",")},${alpha})`;
}

/** How wide a panel has to be at least, in px, for what stands along its x axis. */
export function roomOf({ rows, plot }) {
  if (plot.form === "heat") return Math.max(300, heatRoom({ rows, plot }));
  if (isNumeric(rows, plot.x)) return 300;
  return Math.max(300, 44 + 26 * valuesOf(rows, plot.x).length);
}

export const axisWords = ({ columns, plot }) => ({ x: headOf(columns[plot.x]), y: headOf(columns[plot.y]) });
