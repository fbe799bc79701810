// What was measured on a model when it was made: figures with what was wanted of them, tables, curves over layers,
// example dialogues. From /api/models/{id}/report. Knows none of the measures by name.

import { fill, h, icon } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";
import { sig3 } from "../core/format.js";
import { OUTCOMES } from "../core/protocol.js";
import { interval } from "../parts/interval.js";
import { layerCurve } from "./layers.js";
import { NOTHING, stacked } from "../parts/stacked.js";

/** `state` has registry, card, report (null: none yet) and reportRefusal. */
export function modelReport(element, state) {
  let curves = [];
  const off = state.on(["registry", "card", "report", "reportRefusal"], () => {
    for (const remove of curves) remove();
    curves = [];
    const [registry, card, report, refusal] = ["registry", "card", "report", "reportRefusal"].map(state.get);
    element.hidden = !card || !(card.world || registry.reports.includes(card.id));
    if (element.hidden) return;
    const head = h("h2", { id: "report-title" }, "Report");
    if (report) fill(element, h("div", { class: "row report-head" }, head, made(report)), content(report));
    else fill(element, head, h("p", { class: "note" }, missing(registry, card, refusal)));
  });
  return () => {
    off();
    for (const remove of curves) remove();
    fill(element);
  };

  function content({ figures, tables, curves: list, dialogues }) {
    return [
      figures.length > 0 && part(
        "Figures",
        h(
          "p",
          { class: "note" },
          "Dot: value. Bar: its interval. Bracket: what was wanted, open towards the wanted side.",
        ),
        figureTable(figures),
      ),
      list.length > 0 && part("By layer", h("div", { class: "plots" }, list.map(plot))),
      tables.length > 0 && part("Tables", h("div", { class: "plain-tables" }, tables.map(plainTable))),
      dialogues.length > 0 && part("Dialogues", examples(dialogues)),
    ];
  }

  function plot(curve) {
    const place = h("section", { "aria-label": curve.title });
    curves.push(layerCurve(place, curve));
    return place;
  }
}

function missing(registry, card, refusal) {
  if (refusal) return `${refusal.asked} ${refusal.allowed} ${refusal.change}`;
  return registry.reports.includes(card.id) ? "Asking for the report…" : "No report comes with this model.";
}

function made({ measured, hardware, seconds }) {
  const took = seconds >= 120 ? `${sig3(seconds / 60)} min` : `${sig3(seconds)} s`;
  return h("span", { class: "note" }, `measured ${measured.slice(0, 10)} in ${took} on ${hardware}`);
}

const part = (title, ...rest) => h("section", { class: "report-part", "aria-label": title }, h("h3", {}, title), rest);

function figureTable(figures) {
  return stacked({
    caption: "Figures: value, interval, what was wanted, and the control",
    columns: [
      { name: "what", class: "figure-what" },
      { name: "", class: "figure-bar" },
      { name: "value", class: "number" },
      { name: "low – high", class: "number" },
      { name: "N", class: "number" },
      { name: "wanted", class: "number" },
      { name: "met", class: "figure-met" },
      { name: "control", class: "figure-control" },
    ],
    rows: figures.map((figure) => [
      withDoors(figure.what),
      interval(figure),
      figure.value === null ? "not measured" : h("b", {}, share(figure.value)),
      figure.low === null || figure.high === null ? NOTHING : `${share(figure.low)} – ${share(figure.high)}`,
      figure.n === null ? NOTHING : figure.n.toLocaleString("en"),
      figure.wanted || NOTHING,
      met(figure),
      figure.control ? withDoors(figure.control) : NOTHING,
    ]),
  });
}

function met({ met, wanted }) {
  if (met === true) return h("span", { class: "row tight met" }, icon("right"), "met");
  if (met === false) return h("span", { class: "row tight met not-met" }, icon("wrong"), "not met");
  return wanted ? h("span", { class: "dim" }, "not judged") : NOTHING;
}

// A share that is exactly one or nought is said to three digits too: 1.00 is what was counted.
const share = (x) => (x === 1 ? "1.00" : sig3(x));

function plainTable({ title, note, columns, rows }) {
  const met = new Set(); // entries that have a door in this table
  return h(
    "section",
    {},
    h("h4", {}, title),
    note && h("p", { class: "note" }, withDoors(note)),
    h(
      "div",
      { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `Table: ${title}` },
      h(
        "table",
        {},
        h("caption", { class: "sr" }, title),
        h("thead", {}, h("tr", {}, columns.map((name) => h("th", { scope: "col" }, labelDoor(name, met))))),
        h(
          "tbody",
          {},
          rows.map((row) =>
            h(
              "tr",
              {},
              row.map((cell, i) => h(i ? "td" : "th", { scope: i ? null : "row" }, withDoors(cell, met))),
            )
          ),
        ),
      ),
    ),
  );
}

function examples(dialogues) {
  const groups = new Map();
  for (const one of dialogues) groups.set(one.group, [...(groups.get(one.group) ?? []), one]);
  return [...groups].map(([group, list]) =>
    h(
      "section",
      { class: "dialogues", "aria-label": group },
      h("h4", {}, group),
      stacked({
        caption: group,
        columns: [
          { name: "question", class: "dialogue-said" },
          { name: "answer", class: "dialogue-said" },
          { name: "verdict" },
          { name: "truth" },
        ],
        rows: list.map(({ question, answer, verdict, truth }) => [question, answer, judged(verdict), truth || NOTHING]),
      }),
    )
  );
}

function judged(verdict) {
  if (!Object.hasOwn(OUTCOMES, verdict)) return verdict;
  return h("span", { class: `badge badge-${verdict}` }, icon(verdict), h("b", {}, OUTCOMES[verdict].badge));
}
