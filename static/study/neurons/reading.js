// What errors are told by, in the view that is chosen: the neurons beside what needs none, the path of C, what a score is
// worth, and what changes where more samples must agree. From the figures `readers`, `sweep`, `reliability`, `agreement`.

import { fill, h } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { valuesOf } from "../table_text.js";
import { forest } from "./forest.js";
import { records, viewsOf } from "./records.js";

/** The view that an option names; the first, of which claims are made, where it names none. */
export const viewIn = (study, { view }) => viewsOf(study)[Number(view ?? 0)] ?? viewsOf(study)[0];

/** A choice of one of several, as buttons. `chosen`: place in `words`. */
export function choiceOf(label, words, chosen, onChoose) {
  return h(
    "div",
    { class: "segmented neurons-choice", role: "group", "aria-label": label },
    words.map((word, i) =>
      h("button", { type: "button", "aria-pressed": String(i === chosen), onclick: () => onChoose(i) }, word)
    ),
  );
}

/** @param {HTMLElement} element */
export function drawReaders(element, study, options, choose) {
  const figure = study.figures.get("readers");
  if (!figure) return fill(element);
  const views = viewsOf(study);
  const view = viewIn(study, options);
  const rows = records(figure).filter((row) => row.view === view);
  const random = rows.find(({ role }) => role === "control");
  const held = element.contains(document.activeElement);
  fill(
    element,
    choiceOf("Which pairs count", views, views.indexOf(view), (i) => choose({ view: i ? String(i) : "" })),
    h(
      "p",
      { class: "note" },
      withDoors(`${told(rows[0])}. 0.5 is chance; the grey band: ${random?.read ?? "no random set"}.`),
    ),
    forest({
      label: `AUROC, ${view}`,
      chance: 0.5,
      band: ends(random),
      rows: rows.map((row, i) => ({
        name: row.read,
        value: row.AUROC,
        ...interval(row),
        role: row.role,
        now: i === 0,
      })),
    }),
    h("p", { class: "note" }, withDoors(figure.claim)),
  );
  if (held) /** @type {HTMLElement|null} */ (element.querySelector('[aria-pressed="true"]'))?.focus();
}

/** @param {HTMLElement} element */
export function drawPath(element, study, options) {
  const figure = study.figures.get("sweep");
  if (!figure) return fill(element);
  const all = records(figure);
  const views = [...new Set(all.map((row) => row.view))];
  const view = views.includes(viewIn(study, options)) ? viewIn(study, options) : views[0];
  fill(
    element,
    h("p", { class: "note" }, withDoors(`${figure.claim} ${figure.notes.join(" ")} Shown: ${view}.`)),
    forest({
      label: `The path, ${view}`,
      chance: 0.5,
      rows: all.filter((row) => row.view === view).map((row) => ({
        name: `C ${row.C}`,
        note: `${row.positive} positive, ${row.negative} negative, ${row["positive, ‰ of all"].toFixed(1)} ‰`,
        value: row.AUROC,
        ...interval(row),
        now: figure.claim.startsWith(`C ${row.C} `),
      })),
    }),
  );
}

/** @param {HTMLElement} element */
export function drawReliability(element, study) {
  const figure = study.figures.get("reliability");
  if (!figure) return fill(element);
  const all = records(figure);
  fill(
    element,
    h("p", { class: "note" }, withDoors(`${figure.claim} ${figure.notes.join(" ")}`)),
    h(
      "div",
      { class: "neurons-pair" },
      valuesOf(figure.rows, 1).map((read) =>
        h(
          "div",
          {},
          h("h3", {}, withDoors(read)),
          forest({
            label: `Wrong, by fifths of ${read}`,
            narrow: true,
            rows: all.filter((row) => row.read === read).map((row) => ({ name: row.fifth, value: row.wrong, ...row })),
          }),
        )
      ),
    ),
  );
}

/** How many samples must agree, moved without another run. @param {HTMLElement} element */
export function drawAgreement(element, study, { k = "" }, choose) {
  const figure = study.figures.get("agreement");
  if (!figure) {
    return fill(
      element,
      h(
        "p",
        { class: "note" },
        "One greedy answer each: no sample says how sure it is. With samples, how many must agree can be moved here.",
      ),
    );
  }
  const all = records(figure);
  const ks = [...new Set(all.map((row) => row["samples that agree"]))];
  const place = Math.max(0, ks.indexOf(k));
  const rows = all.filter((row) => row["samples that agree"] === ks[place]);
  const [{ right, wrong, refused, mixed }] = rows;
  const held = element.contains(document.activeElement);
  const slider = h("input", {
    type: "range",
    min: 0,
    max: ks.length - 1,
    value: place,
    "aria-label": "Samples that must agree with the greedy answer",
    "aria-valuetext": ks[place],
    oninput: () => choose({ k: Number(slider.value) ? ks[Number(slider.value)] : "" }),
  });
  fill(
    element,
    h(
      "p",
      { class: "row wrap" },
      h("label", { class: "row" }, ks[place] === "0" ? "Greedy alone decides" : `At least ${ks[place]} agree`, slider),
    ),
    h("p", {}, `${right} right, ${wrong} wrong, ${refused} refused, ${mixed} mixed.`),
    forest({
      label: "AUROC where so many agree",
      chance: 0.5,
      rows: rows.map((row, i) => ({ name: row.read, value: row.AUROC, ...interval(row), now: i === 0 })),
    }),
    h("p", { class: "note" }, withDoors(`${figure.claim} ${figure.notes.join(" ")}`)),
  );
  if (held) element.querySelector("input").focus();
}

/** @param {Record<string, any>} row */
const told = ({ pairs, errors, right }) =>
  `${pairs.toLocaleString("en")} pairs of ${errors} errors and ${right} right answers`;

const interval = (row) => ({ low: row["AUROC, low"], high: row["AUROC, high"] });

/** @returns {[number, number]|null} */
const ends = (row) => (row && row["AUROC, low"] !== null ? [row["AUROC, low"], row["AUROC, high"]] : null);
