// Where the chosen neurons sit, by layer and index: filled before errors, hollow before right answers, the larger the
// heavier, ringed where fits to names drawn again choose it too; and the doors of each. From `neurons`, `layers`, `sets`.

import { fill, h, s } from "../../core/dom.js";
import { count, sig3, signed } from "../../core/format.js";
import { withDoors } from "../../core/term.js";
import { stacked } from "../../parts/stacked.js";
import { asNode, asSlider } from "./links.js";
import { neuronsOf, records, widthOf } from "./records.js";

const LISTED = 12;
const STABLE = 0.5; // of the fits to names drawn again

/** @param {HTMLElement} element */
export function drawMap(element, study, card, options, choose) {
  const neurons = neuronsOf(study);
  const figure = study.figures.get("neurons");
  if (!neurons.length) return fill(element, figure && h("p", { class: "note" }, withDoors(figure.claim)));
  const again = study.opening.request.n_bootstraps;
  const picked = new Set((options.own ?? "").split(" ").filter(Boolean));
  const all = options.all === "yes";
  const shown = all ? neurons : neurons.filter(({ id }, i) => i < LISTED || picked.has(id));
  const held = document.activeElement?.id;
  fill(
    element,
    h("p", {}, withDoors(`${figure.claim} ${study.figures.get("layers")?.claim ?? ""}`)),
    grid(study, neurons, again, picked),
    h(
      "p",
      { class: "note" },
      legendWords(again),
    ),
    sets(study, card, neurons, picked),
    stacked({
      caption: "The heaviest of them, with what each is alone",
      columns: [
        { name: "neuron" },
        { name: "weight", class: "number" },
        { name: "AUROC alone", class: "number" },
        { name: "mean before right", class: "number" },
        { name: "mean before errors", class: "number" },
        { name: "drawn again", class: "number" },
        { name: "" },
      ],
      rows: shown.map((row) => line(row, again, card, picked, choose)),
    }),
    neurons.length > LISTED && h(
      "button",
      {
        type: "button",
        class: "button button-plain",
        id: "neurons-all",
        onclick: () => choose({ all: all ? "" : "yes" }),
      },
      all ? "Fewer" : `All ${neurons.length}`,
    ),
    h("p", { class: "note" }, withDoors(figure.notes.join(" "))),
  );
  if (held && element.querySelector(`#${CSS.escape(held)}`)) document.getElementById(held).focus();
}

/** Whether fits to names drawn again choose it too; without any nobody knows. */
export const isStable = (row, again) => again > 0 && row["drawn again"] >= STABLE * again && row.weight > 0;

/** @param {number} again how many such fits there are */
export function legendWords(again) {
  const ringed = again ? `ringed: positive in half of ${again} fits to names drawn again, or more` : "";
  const parts = ["Filled: more before errors", "hollow: more before right answers", "the larger the heavier", ringed];
  return `${parts.filter(Boolean).join("; ")}. One layer a line, index from left to right.`;
}

function grid(study, neurons, again, picked) {
  const layers = records(study.figures.get("layers"));
  const n = layers.length || Math.max(...neurons.map(({ layer }) => layer)) + 1;
  const width = widthOf(study) ?? Math.max(...neurons.map(({ index }) => index)) + 1;
  const heaviest = Math.max(...neurons.map(({ weight }) => Math.abs(weight)));
  return h(
    "div",
    {
      class: "neuron-map",
      tabindex: "0",
      role: "group",
      "aria-label": "Where they sit; the table below says it in words",
    },
    h(
      "ol",
      { "aria-hidden": "true" },
      Array.from({ length: n }, (_, i) => n - 1 - i).map((layer) => {
        const own = neurons.filter((one) => one.layer === layer);
        const told = layers.find((one) => one.layer === layer);
        return h(
          "li",
          {},
          h("span", { class: "mono" }, `L${layer}`),
          s(
            "svg",
            { class: "neuron-row" },
            s("line", { x1: "0%", x2: "100%", y1: 11, y2: 11 }),
            own.map(({ id, index, weight, ...row }) =>
              dot(`${(100 * index) / width}%`, weight / heaviest, {
                stable: isStable(row, again),
                picked: picked.has(id),
                words: `L${layer} ${index}: weight ${sig3(weight)}`,
              })
            ),
          ),
          h("span", { class: "note" }, told ? `${told.positive} + · ${told.negative} −` : count(own.length, "neuron")),
          h("span", { class: "note neuron-share" }, told ? shareWords(told) : ""),
        );
      }),
    ),
  );
}

const shareWords = (row) =>
  `share ${sig3(row["share before right"])} right, ${sig3(row["share before errors"])} errors`;

function dot(cx, weight, { stable, picked, words }) {
  const r = 2.5 + 4 * Math.sqrt(Math.abs(weight));
  return s(
    "g",
    {},
    stable && s("circle", { class: "neuron-ring", cx, cy: 11, r: r + 2.5 }),
    s(
      "circle",
      { class: `neuron-dot${weight < 0 ? " neuron-negative" : ""}${picked ? " neuron-picked" : ""}`, cx, cy: 11, r },
      s("title", {}, words),
    ),
  );
}

/** Sets that the dial turned, and a reader's own, each as one slider. */
function sets(study, card, neurons, picked) {
  const turned = new Map();
  for (const { set, layer, index } of records(study.figures.get("sets"))) {
    turned.set(set, [...(turned.get(set) ?? []), [layer, index]]);
  }
  if (!turned.size) {
    const pairs = neurons.filter(({ weight }) => weight > 0).map(({ layer, index }) => [layer, index]);
    if (pairs.length) turned.set("H-neurons", pairs);
  }
  const own = neurons.filter(({ id }) => picked.has(id)).map(({ layer, index }) => [layer, index]);
  return h(
    "p",
    { class: "row wrap" },
    h("b", {}, "As sliders in Explore:"),
    [...turned].map(([name, pairs]) =>
      h("a", { class: "button", href: asSlider(pairs, name, card) }, `${name}, ${count(pairs.length, "neuron")}`)
    ),
    own.length > 0 &&
      h(
        "a",
        { class: "button button-primary", href: asSlider(own, "my neurons", card) },
        `Mine, ${count(own.length, "neuron")}`,
      ),
  );
}

function line(row, again, card, picked, choose) {
  const { id, layer, index, neuron, weight } = row;
  const node = asNode([layer, index], card);
  const next = () => {
    const now = picked.has(id) ? [...picked].filter((one) => one !== id) : [...picked, id];
    choose({ own: now.join(" ") });
  };
  return [
    h("span", { class: "mono" }, neuron),
    signed(weight),
    row["AUROC alone"].toFixed(2),
    sig3(row["mean before right"]),
    sig3(row["mean before errors"]),
    `${row["drawn again"]} of ${again}`,
    h(
      "span",
      { class: "row" },
      h(
        "a",
        { href: asSlider([[layer, index]], neuron, card), "aria-label": `${neuron} as a slider in Explore` },
        "Slider",
      ),
      node && h("a", { href: node, "aria-label": `${neuron} as a node in Circuit` }, "Circuit"),
      h("button", {
        id: `own-${layer}-${index}`,
        type: "button",
        class: "chip",
        "aria-pressed": String(picked.has(id)),
        "aria-label": `${neuron} in my set`,
        onclick: next,
      }, "Mine"),
    ),
  ];
}
