// Tokens by watched latents, prompt and generated, baseline above steered. One scale for all.
// From `start`, `prompt` (activations in the prompt) and `step` (readings of generated tokens).

import { chart } from "../lib/chart.js";
import { fill, h } from "../lib/dom.js";
import { sig3, signed, visible } from "../lib/format.js";
import { watches } from "../lib/names.js";
import { armAt, lastEntity } from "../lib/run.js";
import { tableButton } from "./table.js";

const CELL = 30;
const LEFT = { wide: 150, narrow: 92 };
const ROLES = ["known", "unknown", "other"];

export function latentMap(element, state) {
  const about = h("span", { class: "note" });
  const button = h("button", { class: "button button-plain push", type: "button" }, "Table");
  const plot = h("div", { class: "map-plot" });
  const wrap = h(
    "div",
    {
      class: "map-wrap",
      tabindex: "0",
      role: "region",
      "aria-label": "Heat map, tokens by latents; the table says the same",
    },
    plot,
  );
  const behind = h("div", { class: "behind" });
  fill(element, h("div", { class: "row" }, h("h2", {}, "Tokens × latents"), about, button), wrap, behind);
  const figure = chart(plot, make);
  let timer = 0;
  let inView = false;
  let shown = null; // the start frame that the map was scrolled for
  const narrow = () => wrap.clientWidth < 600;
  const leftOf = () => (narrow() ? LEFT.narrow : LEFT.wide);
  const seen = ([entry]) => {
    inView = entry.isIntersecting;
    later();
  };
  const sight = new IntersectionObserver(seen, { rootMargin: "400px 0px" });
  sight.observe(wrap);
  const offs = [
    () => sight.disconnect(),
    state.on(["run", "steer", "card"], later),
    tableButton(button, behind, state, ["run", "steer", "card"], () => mapTable(state)),
  ];
  return () => {
    clearTimeout(timer);
    for (const off of offs) off();
    figure.remove();
    fill(element);
  };

  // Drawn when the slider rests, and only while somebody can see it.
  function later() {
    clearTimeout(timer);
    if (inView) timer = setTimeout(redraw, 120);
  }

  function redraw() {
    const grid = read(state);
    plot.style.setProperty(
      "height",
      `${heightOf(grid ? grid.rows.length : 2 * watches(null, state.get("card")).length || 8)}px`,
    );
    if (!grid) return;
    plot.style.setProperty("min-width", `${leftOf() + CELL * grid.columns * 0.8}px`);
    fill(about, `activation, in units of each latent; one scale, 0 to ${sig3(grid.max)}`);
    figure.draw();
    showTheName(grid);
  }

  // Where the map is wider than the page, the name comes into sight once for each question.
  function showTheName({ columns }) {
    const run = state.get("run");
    if (shown === run.start) return;
    shown = run.start;
    const cell = (wrap.scrollWidth - leftOf()) / columns;
    wrap.scrollLeft = leftOf() + cell * lastEntity(run) - wrap.clientWidth / 2;
  }

  function make(colour, width) {
    const grid = read(state);
    if (!grid) return null;
    const { rows, columns, n_prompt, max } = grid;
    const edge = leftOf();
    const blank = new Array(columns).fill(null);
    const heat = ROLES.map((role) => ({
      type: "heatmap",
      x: Array.from({ length: columns }, (_, i) => i),
      y: grid.edges,
      z: grid.bands.map((row) => (row?.role === role ? row.values : blank)),
      text: grid.bands.map((row) => (row ? row.values.map((value, i) => hover(row, value, i)) : blank)),
      hovertemplate: "%{text}<extra></extra>",
      hoverongaps: false,
      zmin: 0,
      zmax: max || 1,
      colorscale: [
        [0, colour("--sunken")],
        [1, colour(`--tint-${role}`)],
      ],
      showscale: false,
      xgap: 1,
      ygap: 1,
    }));
    const cell = (width - edge - 10) / columns;
    const annotations = [];
    if (cell > 24) {
      for (const row of rows) {
        row.values.forEach((value, x) => {
          if (value > 0)
            annotations.push({
              x,
              y: row.y,
              text: value < 1 ? String(Number(value.toPrecision(2))) : sig3(value),
              showarrow: false,
              font: { size: 10, color: colour("--ink") },
            });
        });
      }
    }
    for (const row of rows) {
      const left = { xref: "paper", xanchor: "left" };
      const which = row.arm ? "steered" : "baseline";
      if (!narrow()) {
        annotations.push(note(0, row.y, which, colour("--ink-3"), { ...left, xanchor: "right", xshift: -6 }));
      }
      if (!row.arm) {
        const middle = row.y + (grid.both ? 0.5 : 0);
        annotations.push(
          note(0, middle, `${row.mark} ${safe(row.short)}`, colour(`--${row.role}`), {
            ...left,
            xshift: -edge,
            font: { size: 12, color: colour(`--${row.role}`) },
          }),
        );
      }
    }
    const below = { yref: "paper", xanchor: "left", yanchor: "top", yshift: -4 };
    annotations.push(
      note(-0.5, 0, grid.both ? "prompt; the frame marks what is steered" : "prompt", colour("--ink-3"), below),
    );
    if (!grid.both) annotations.push(note(n_prompt + 0.5, 0, "generated", colour("--ink-3"), below));
    const shapes = grid.steered.length
      ? [
          {
            type: "rect",
            x0: Math.min(...grid.steered) - 0.5,
            x1: Math.max(...grid.steered) + 0.5,
            y0: grid.edges[0],
            y1: grid.edges.at(-1),
            line: { color: colour("--ink"), width: 1.25 },
          },
        ]
      : [];
    const axis = {
      range: [-0.6, columns - 0.4],
      fixedrange: true,
      showgrid: false,
      zeroline: false,
      tickangle: -45,
      ticks: "",
    };
    const baseline = grid.names.filter(({ where }) => where !== "steered");
    const steered = grid.names.filter(({ where }) => where === "steered");
    return {
      data: [...heat, { x: [0], y: [0], xaxis: "x2", mode: "markers", marker: { opacity: 0 }, hoverinfo: "skip" }],
      layout: {
        margin: { l: edge, r: 10, t: 64, b: grid.both ? 76 : 24 },
        font: {
          family: "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace",
          size: 11,
          color: colour("--ink-3"),
        },
        xaxis: {
          ...axis,
          side: "top",
          tickvals: baseline.map(({ x }) => x),
          ticktext: baseline.map(({ text }) => safe(text)),
          tickfont: { color: colour("--ink-2") },
        },
        xaxis2: {
          ...axis,
          overlaying: "x",
          side: "bottom",
          tickangle: 45,
          tickvals: steered.map(({ x }) => x),
          ticktext: steered.map(({ text }) => safe(text)),
          tickfont: { color: colour("--ink-2") },
        },
        yaxis: {
          range: [grid.edges.at(-1), grid.edges[0]],
          fixedrange: true,
          showgrid: false,
          zeroline: false,
          showticklabels: false,
          ticks: "",
        },
        annotations,
        shapes,
      },
    };
  }
}

const heightOf = (n_rows) => 140 + n_rows * 24;

function note(x, y, text, color, more) {
  return { x, y, text, showarrow: false, font: { size: 11, color }, ...more };
}

/** Everything the map and its table show, null before the prompt pass. */
function read(state) {
  const run = state.get("run");
  if (!run?.prompt) return null;
  const arm = Math.max(0, armAt(run, state.get("steer")));
  const arms = arm ? [0, arm] : [0];
  const n_prompt = run.start.tokens.length;
  const n_new = Math.max(...arms.map((a) => run.arms[a].tokens.length));
  const columns = n_prompt + 1 + n_new;
  const rows = [];
  const bands = []; // the rows with a gap (null) after each latent
  const edges = [0];
  watches(run, state.get("card")).forEach((watch, i) => {
    arms.forEach((a, k) => {
      const values = new Array(columns).fill(null);
      run.prompt.arms[a].activations[i].forEach((value, pos) => (values[pos] = value));
      run.arms[a].readings.forEach((reading, pos) => {
        if (pos < run.arms[a].tokens.length) values[n_prompt + 1 + pos] = reading[i];
      });
      const mark = { known: "●", unknown: "○", other: "■" }[watch.role];
      const y = edges.at(-1) + 0.5;
      rows.push({ ...watch, mark, arm: a, values, y, strength: run.start.arms[a].strength });
      bands.push(rows.at(-1));
      edges.push(y + 0.5);
      if (k === arms.length - 1) {
        bands.push(null);
        edges.push(y + 0.8);
      }
    });
  });
  const names = run.start.tokens.map(({ text }, x) => ({ x, text: visible(text), where: "prompt" }));
  for (const a of arms) {
    const { tokens, verdict } = run.arms[a];
    const name = (text, i) => (text === "" && verdict && i === tokens.length - 1 ? "⟨end⟩" : visible(text));
    tokens.forEach(({ text }, i) =>
      names.push({ x: n_prompt + 1 + i, text: name(text, i), where: a ? "steered" : "baseline" }),
    );
  }
  const max = Math.max(0, ...rows.flatMap(({ values }) => values.filter((value) => value !== null)));
  const steered = arm ? run.start.sweeps[run.start.arms[arm].sweep].positions : [];
  bands.pop();
  edges.pop();
  return { rows, bands, edges, columns, n_prompt, max, names, steered, both: arm > 0 };
}

function hover(row, value, x) {
  if (value === null) return "";
  return `${safe(row.short)} ${safe(row.label)}<br>${row.arm ? `steered ${signed(row.strength)}` : "baseline"}, token ${x}<br><b>${sig3(value)}</b>`;
}

// Plotly reads a few tags and entities in labels; a token must not become one.
function safe(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function mapTable(state) {
  const grid = read(state);
  if (!grid) return { caption: "Tokens by latents", head: ["token"], rows: [] };
  const latents = grid.rows.map((row) => `${row.short} ${row.arm ? `at ${signed(row.strength)}` : "baseline"}`);
  return {
    caption: "Activations of prompt and generated tokens",
    head: ["#", "token", ...(grid.both ? ["steered token"] : []), ...latents],
    text: grid.both ? [0, 1, 2] : [0, 1],
    rows: Array.from({ length: grid.columns }, (_, x) => x)
      .filter((x) => x !== grid.n_prompt)
      .map((x) => {
        const name = (where) =>
          grid.names.find((one) => one.x === x && (one.where === where || one.where === "prompt"))?.text ?? "–";
        return {
          cells: [
            String(x > grid.n_prompt ? x - 1 : x),
            name("baseline"),
            ...(grid.both ? [name("steered")] : []),
            ...grid.rows.map(({ values }) => (values[x] === null ? "–" : sig3(values[x]))),
          ],
        };
      }),
  };
}
