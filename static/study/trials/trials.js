// Every answer of a study: filtered, a page at a time, each with what it amounts to by both detectors and a link that
// opens the prompt with that push in Explore. From `study` and `trial` frames.

import { fill, h } from "../../core/dom.js";
import { count, sig3 } from "../../core/format.js";
import { inExplore } from "./in_explore.js";
import { OUTCOMES } from "../../core/protocol.js";
import { withDoors } from "../../core/term.js";
import { fold } from "../../core/spelling.js";
import { badge } from "../../run/badge.js";
import { NOTHING, stacked } from "../../parts/stacked.js";

const PAGE = 30;
const FILTERS = ["type", "group", "arm", "outcome"];

/**
 * `chosen`: filters that are set at first, by name; `onChange(filters)` hears of every change, of those that are set.
 * `card`: of the model, for the strengths of the sliders that a link opens; null where no worker tells it.
 * @returns {{ show: (study: object) => void, remove: () => void }}
 */
export function trialsView(
  element,
  { chosen = /** @type {Record<string, string>} */ ({}), onChange = null, card = null } = {},
) {
  let study = null;
  let place = 0; // of the first answer that is shown
  let drawn = null; // what the filters offer
  let rows = [];
  let counted = null; // trials that `rows` were made of
  const set = Object.fromEntries(FILTERS.map((name) => [name, chosen[name] ?? ""]));
  let words = chosen.words ?? "";
  const filters = h("div", { class: "row wrap trials-filters", role: "group", "aria-label": "Which answers" });
  const told = h("p", { class: "note", role: "status" });
  const table = h("div", { class: "trials-table" });
  const pager = h("div", { class: "row pager" });
  fill(element, h("div", { class: "row wrap" }, h("h2", {}, "Every answer"), told), filters, table, pager);
  return { show, remove: () => fill(element) };

  function show(now) {
    study = now;
    const any = now.trials.some(({ answers }) => answers.length);
    element.hidden = !any;
    if (!any || counted === now.trials) return;
    const before = rows.length;
    counted = now.trials;
    rows = answersOf(now);
    drawFilters();
    // While more arrives, what is being read stays as it is.
    if (!before || place === 0) drawTable();
    else drawPager(rows.filter(fits));
  }

  function drawFilters() {
    const offered = Object.fromEntries(FILTERS.map((name) => [name, [...new Set(rows.map((row) => row[name]))]]));
    if (JSON.stringify(offered) === drawn) return;
    drawn = JSON.stringify(offered);
    const focused = filters.contains(document.activeElement) ? document.activeElement.getAttribute("name") : null;
    fill(
      filters,
      FILTERS.map((name) => {
        const pick = h(
          "select",
          { name, "aria-label": name, onchange: () => change(name, pick.value) },
          h("option", { value: "" }, `every ${name}`),
          offered[name].map((one) =>
            h("option", { value: one, selected: one === set[name] }, name === "outcome" ? OUTCOMES[one].badge : one)
          ),
        );
        return pick;
      }),
      h("input", {
        class: "input trials-words",
        type: "search",
        name: "words",
        value: words,
        placeholder: "words of a name or an answer",
        "aria-label": "words of a name or an answer",
        oninput: ({ target }) => {
          words = target.value;
          change("words", words);
        },
      }),
    );
    if (focused) filters.querySelector(`[name="${focused}"]`)?.focus();
  }

  function change(name, value) {
    if (name !== "words") set[name] = value;
    place = 0;
    drawTable();
    onChange?.(Object.fromEntries([...Object.entries(set), ["words", words]].filter(([, one]) => one)));
  }

  function fits(row) {
    const wanted = words.trim() && fold(words);
    return (
      FILTERS.every((name) => !set[name] || row[name] === set[name]) &&
      (!wanted || fold(row.name).includes(wanted) || fold(row.answer.text).includes(wanted))
    );
  }

  function drawTable() {
    const met = new Set(); // entries that have a door in this table
    const found = rows.filter(fits);
    place = Math.min(place, Math.max(0, PAGE * Math.floor((found.length - 1) / PAGE)));
    fill(
      table,
      found.length
        ? stacked({
          caption: "Answers, each with its verdict by both detectors",
          columns: [
            { name: "question", class: "trial-asked" },
            { name: "arm", class: "trial-arm" },
            { name: "answer", class: "trial-answer" },
            { name: "refusal log-odds", class: "number" },
            { name: "KL, nats", class: "number" },
            { name: "", class: "trial-open" },
          ],
          rows: found.slice(place, place + PAGE).map((row) => cells(row, met)),
        })
        : h("p", { class: "note" }, "No answer fits. Take a filter off."),
    );
    drawPager(found);
  }

  function drawPager(found) {
    fill(
      told,
      found.length === rows.length
        ? count(rows.length, "answer")
        : `${found.length.toLocaleString("en")} of ${count(rows.length, "answer")}`,
    );
    const page = (words, to, fitting) =>
      h("button", {
        class: "button",
        type: "button",
        disabled: !fitting,
        onclick: () => ((place = to), drawTable(), element.scrollIntoView({ block: "start" })),
      }, words);
    pager.hidden = found.length <= PAGE;
    fill(
      pager,
      page("Earlier", Math.max(0, place - PAGE), place > 0),
      h(
        "span",
        { class: "note" },
        `${place + 1}–${Math.min(place + PAGE, found.length)} of ${found.length.toLocaleString("en")}`,
      ),
      page("Later", place + PAGE, place + PAGE < found.length),
    );
  }

  function cells({ name, type, group, trial, arm, armOf, answer }, met) {
    const { prompt } = trial;
    const { request, arms } = study.opening;
    const { address, circuit, why } = inExplore({ request, arms, trial, answer, type, name, card });
    return [
      [prompt, " ", h("span", { class: "note" }, withDoors(`${type}, ${group}`, met))],
      [
        armOf.control_of !== null && h("span", { class: "sr" }, "control: "),
        h("span", { title: armOf.what || null }, withDoors(arm, met)),
      ],
      [
        h("p", { class: "trial-text" }, answer.text.trim() || "(nothing)"),
        h(
          "p",
          { class: "trial-verdicts" },
          badge(answer),
          h("span", { class: "note" }, withDoors(paperSays(answer), met)),
        ),
      ],
      answer.refusal_logodds === null ? NOTHING : sig3(answer.refusal_logodds),
      answer.kl_nats === null ? NOTHING : sig3(answer.kl_nats),
      address
        ? [
          h("a", { href: address, "aria-label": `Open in Explore: ${prompt}, ${arm}` }, "Explore"),
          " ",
          h("a", { href: circuit, "aria-label": `Why, as a circuit: ${prompt}, ${arm}` }, "Circuit"),
        ]
        : h("span", { class: "note", title: why }, "not in Explore", h("span", { class: "sr" }, `: ${why}`)),
    ];
  }
}

/** The paper's own rule, to the letter, beside ours. */
const paperSays = (
  { paper_phrase: phrase },
) => (phrase === null ? "the paper's rule: no refusal" : `the paper's rule: refuses, matched “${phrase}”`);

function answersOf({ opening, trials }) {
  return trials.flatMap((trial) => {
    const { name, type, group } = opening.names[trial.name];
    return trial.answers.map((answer) => {
      const armOf = opening.arms[answer.arm] ??
        { name: answer.sample ? `sample ${answer.sample}` : "baseline", control_of: null, what: "" };
      const arm = answer.sample ? `${armOf.name}, sample ${answer.sample}` : armOf.name;
      return { name, type, group, trial, arm, armOf, answer, outcome: answer.outcome };
    });
  });
}
