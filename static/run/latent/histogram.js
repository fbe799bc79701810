// A latent's values at the last token of known names, upwards, and of unknown ones, downwards, with this prompt's; and
// how well it tells them apart, by entity type. From the frame `firing`; the marker from run/latents/values.js.

import { chart } from "../../core/chart.js";
import { fill, h } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { plain, sig3, visible } from "../../core/format.js";
import { along } from "../latents/values.js";
import { lastEntity } from "../run.js";
import { fileName, linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { titled } from "../names.js";

const BINS = 24;
const REST_MS = 120; // drawn when the slider rests

/** `own` is the card's: its channels `target` and `facts`. */
export function namesHistogram(element, state, own) {
  const title = h("h3", { class: "subhead" });
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const plot = h("div", { class: "names-plot pending-plot", "aria-hidden": "true" });
  const silent = h("p", { class: "note" });
  const separation = h("dl", { class: "separation" });
  const behind = h("div", { class: "behind" });
  const save = pictureButtons(() => [plot, silent, separation], words);
  const tools = h("span", { class: "row push tight" }, save, button);
  fill(element, h("div", { class: "row" }, title, tools), plot, silent, separation, behind);
  const figure = chart(plot, (colour) => {
    const names = own.get("facts")?.firing.names;
    return names?.length ? picture(names, markers(), colour) : null;
  });
  let timer = 0;
  const offs = [
    own.on(["facts"], draw),
    state.on(["run", "look", "steer", "values"], () => {
      clearTimeout(timer);
      timer = setTimeout(figure.draw, REST_MS);
    }),
    () => clearTimeout(timer),
    tableButton(button, behind, own, ["facts"], () => tableOf(own.get("facts")?.firing.names ?? [])),
  ];
  return () => {
    for (const off of offs) off();
    figure.remove();
    fill(element);
  };

  function draw() {
    const facts = own.get("facts");
    const names = facts?.firing.names ?? [];
    const { known, unknown } = pooled(names);
    button.disabled = !names.length;
    const n = names.length ? ` on ${known.length} known and ${unknown.length} unknown names` : " on names";
    fill(title, `Activation${n}`);
    fill(
      silent,
      !facts
        ? "The names are not read yet."
        : names.length
        ? `Silent on ${zeros(known)} of ${known.length} known and ${
          zeros(unknown)
        } of ${unknown.length} unknown names. Up and down: % of names.`
        : "No names come with this model.",
    );
    fill(separation, names.length ? separations(names) : null);
    figure.draw();
  }

  function words() {
    const [card, target] = [state.get("card"), own.get("target")];
    const names = own.get("facts")?.firing.names;
    if (!names?.length) return null;
    const { short, label } = titled(target, null, card);
    const { known, unknown } = pooled(names);
    return {
      name: fileName(`${short} on names`),
      title: label === short ? `${short} on names` : `${short} ${label} on names`,
      line: [
        card.id,
        `N = ${known.length} known and ${unknown.length} unknown names`,
        "known names beside unknown ones",
      ],
      link: linkHere(location),
    };
  }

  /** @returns {{ x: number, text: string, dash: string }[]} */
  function markers() {
    const [run, target] = [state.get("run"), own.get("target")];
    const found = target && along(state, target);
    if (!found) return [];
    const pos = lastEntity(run);
    const token = visible(run.start.tokens[pos].text);
    const at = (name, reading, dash) =>
      reading && !reading.atMost ? [{ x: reading.value, text: `${token}, ${name} ${sig3(reading.value)}`, dash }] : [];
    const base = at("baseline", found.base[pos], "dot");
    return found.shown ? [...base, ...at("steered", found.shown[pos], "solid")] : base;
  }
}

function picture(names, marks, colour) {
  const { width, centres, shares, most } = binned(names);
  const high = Math.max(most * 1.15, 1);
  const bars = (side, sign) => ({
    type: "bar",
    x: centres,
    y: shares[side].map((share) => sign * share),
    width,
    marker: { color: colour(`--${side}-fill`), line: { width: 0 } },
    customdata: shares[side].map((share, i) => `${range(i, width)}: ${sig3(share)} % of ${side} names`),
    hovertemplate: "%{customdata}<extra></extra>",
  });
  const end = Math.max(centres.length * width, 1.02 * Math.max(0, ...marks.map(({ x }) => x))) || 1;
  const side = (text, y, yanchor) => ({
    x: 0,
    y,
    xref: "paper",
    yref: "paper",
    xanchor: "right",
    yanchor,
    xshift: -8,
    text,
    showarrow: false,
    font: { size: 13, color: colour(`--${text}`) },
  });
  return {
    data: [bars("known", 1), bars("unknown", -1)],
    layout: {
      barmode: "overlay",
      bargap: 0,
      margin: { l: 64, r: 12, t: 6 + 15 * marks.length, b: 22 },
      xaxis: { range: [0, end], fixedrange: true, showgrid: false, zeroline: false, nticks: 6, ticks: "" },
      yaxis: {
        range: [-high, high],
        fixedrange: true,
        showgrid: false,
        showticklabels: false,
        zeroline: true,
        zerolinecolor: colour("--rule-2"),
      },
      shapes: marks.map(({ x, dash }) => ({
        type: "line",
        x0: x,
        x1: x,
        yref: "paper",
        y0: 0,
        y1: 1,
        line: { color: colour("--ink"), width: 1.5, dash },
      })),
      annotations: [
        side("known", 0.75, "middle"),
        side("unknown", 0.25, "middle"),
        ...marks.map(({ x, text }, i) => ({
          x,
          y: 1,
          yref: "paper",
          xanchor: x > end * 0.6 ? "right" : "left",
          yanchor: "bottom",
          yshift: 15 * i,
          text: safe(text),
          showarrow: false,
          font: { size: 13, color: colour("--ink-2") },
        })),
      ],
    },
  };
}

const pooled = (names) => ({
  known: names.flatMap(({ known }) => known),
  unknown: names.flatMap(({ unknown }) => unknown),
});

/** Values above zero in bins of one width from 0 on, as % of all names of that side. */
function binned(names) {
  const sides = pooled(names);
  const end = Math.max(0, ...sides.known, ...sides.unknown);
  if (!(end > 0)) return { width: 1, centres: [], shares: { known: [], unknown: [] }, most: 0 };
  const width = round(end / BINS);
  const n = Math.floor(end / width) + 1;
  const share = (values) => {
    const counts = new Array(n).fill(0);
    for (const value of values) if (value > 0) counts[Math.floor(value / width)]++;
    return counts.map((count) => (100 * count) / (values.length || 1));
  };
  const shares = { known: share(sides.known), unknown: share(sides.unknown) };
  const centres = Array.from({ length: n }, (_, i) => (i + 0.5) * width);
  return { width, centres, shares, most: Math.max(...shares.known, ...shares.unknown) };
}

// 1, 2 or 5 times a power of ten, at least x
function round(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return ([1, 2, 5, 10].find((m) => m * power >= x) ?? 10) * power;
}

const range = (i, width) => `${plain(i * width)} – ${plain((i + 1) * width)}`;
const zeros = (values) => values.filter((value) => value <= 0).length;
const hundredths = (x) => (x < -0.005 ? "\u2212" : x >= 0.005 ? "+" : "") + Math.abs(x).toFixed(2);
const fires = (values) => (values.length ? 1 - zeros(values) / values.length : 0);

/** f_known − f_unknown: the share of known names it fires on less that of unknown ones (Ferrando et al., section 3). */
function separations(names) {
  return [
    h("dt", { class: "note" }, withDoors("separation, f_known − f_unknown")),
    names.map(({ entity_type, known, unknown }) =>
      h(
        "dd",
        {
          title: `fires on ${sig3(fires(known))} of ${known.length} known and ${
            sig3(fires(unknown))
          } of ${unknown.length} unknown names`,
        },
        `${entity_type} `,
        h("b", {}, hundredths(fires(known) - fires(unknown))),
        h("span", { class: "note" }, ` N ${known.length} + ${unknown.length}`),
      )
    ),
  ];
}

function tableOf(names) {
  const { width, centres, shares } = binned(names);
  const { known, unknown } = pooled(names);
  const percent = (n, list) => `${sig3(list.length ? (100 * n) / list.length : 0)} %`;
  return {
    caption: "Names by activation at their last token",
    head: ["activation", "known", "unknown"],
    rows: [
      { cells: ["0", percent(zeros(known), known), percent(zeros(unknown), unknown)] },
      ...centres.map((_, i) => ({
        cells: [range(i, width), `${sig3(shares.known[i])} %`, `${sig3(shares.unknown[i])} %`],
      })),
    ],
  };
}

// Plotly reads a few tags and entities in labels; a token must not become one.
function safe(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
