// How far a study is, about how long the rest takes at the rate that is seen, and what can be done about it. From
// progress frames and the run's summary (protocol/app/runs.py).

import { fill, h, icon } from "../core/dom.js";
import { count } from "../core/format.js";
import { shareDone } from "./study.js";

const SEEN_MS = 20_000; // the rate is that of this long
const ENOUGH_MS = 1_500;
const SHOWN_WARNINGS = 2;

/** `act`: { pause, resume, cancel, again }. `words`: what it says as it stands, and what running it once more is called.
 * @param {any} words
 * @returns {{ show: (study, summary, trouble) => void }} */
export function runningView(element, act, words = OF_ANSWERS) {
  const said = h("p", { class: "running-said" });
  const told = h("p", { class: "sr", role: "status" });
  const buttons = h("div", { class: "row push" });
  const bar = h("progress", { class: "running-bar", max: 1, value: 0, "aria-label": "Steps done" });
  const problem = h("div", { class: "problem", role: "alert" });
  const warnings = h("div", { class: "running-warnings note" });
  fill(element, h("div", { class: "row running-row" }, said, buttons), bar, told, problem, warnings);
  let seen = []; // [ms, n_done]
  let held = "";
  let warned = null; // the opening whose warnings are shown

  return { show };

  function show(study, summary, trouble) {
    const stands = standing(study, summary);
    const now = performance.now();
    const { n_done } = study.progress;
    if (stands !== "running" || n_done < (seen.at(-1)?.[1] ?? 0)) seen = [];
    if (stands === "running") seen = [...seen.filter(([at]) => at > now - SEEN_MS), [now, n_done]];
    bar.value = stands === "done" ? 1 : shareDone(study);
    bar.hidden = stands === "refused";
    fill(said, words.said[stands](study, left(study)));
    if (told.dataset.stands !== stands) {
      told.dataset.stands = stands;
      fill(told, said.textContent);
    }
    const wrong = trouble ?? (stands === "cancelled" ? null : study.refusal);
    fill(problem, wrong && [h("b", {}, wrong.asked), ` ${wrong.allowed} ${wrong.change}`]);
    if (study.opening !== warned) drawWarnings(study.opening);
    if (held === stands) return;
    held = stands;
    const focused = buttons.contains(document.activeElement);
    fill(
      buttons,
      BUTTONS[stands].map((name) =>
        h("button", { class: "button", type: "button", onclick: () => act[name]() }, WORDS[name] ?? words.again)
      ),
    );
    if (focused) buttons.querySelector("button")?.focus();
  }

  function drawWarnings(opening) {
    warned = opening;
    const items = (opening ? words.warnings(opening) : []).map((warning) => h("li", {}, warning));
    const more = items.splice(SHOWN_WARNINGS);
    fill(
      warnings,
      items.length > 0 && h("ul", {}, items),
      more.length > 0 &&
        h("details", {}, h("summary", {}, `${more.length} more to know before the numbers`), h("ul", {}, more)),
    );
  }

  function left({ opening, progress }) {
    const [first, last] = [seen[0], seen.at(-1)];
    if (!opening || !first || last[0] - first[0] < ENOUGH_MS || last[1] === first[1]) return "";
    const s = ((opening.n_steps - progress.n_done) * (last[0] - first[0])) / (last[1] - first[1]) / 1000;
    return s < 1 ? "about a second left" : `about ${seconds(s)} left`;
  }
}

/** "40 s", "3 min", "2.5 h". */
export const seconds = (s) =>
  s < 90 ? `${Math.round(s)} s` : s < 5_400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`;

/** What a study and its run amount to, in a word. */
export function standing(study, summary) {
  if (study.phase === "error" && !study.opening) return "refused"; // by the worker, before it began
  if (["done", "error", "cancelled", "cut", "refused"].includes(study.phase)) return study.phase;
  if (summary && ["paused", "cancelled", "error", "cut"].includes(summary.state)) return summary.state;
  return !summary || summary.state === "queued" || study.phase === "asking" ? "queued" : "running";
}

const WORDS = { pause: "Pause", resume: "Go on", cancel: "Cancel" };
const BUTTONS = {
  queued: ["cancel"],
  running: ["pause", "cancel"],
  paused: ["resume", "cancel"],
  done: [],
  error: ["again"],
  cut: ["again"],
  cancelled: ["again"],
  refused: [],
};

/** What stays of a study that is paused or ended early, and how much of it the figures have counted: in steps, as how
 * far it is. */
export function stays({ trials, counted, figures }) {
  if (!trials.length) return " Nothing arrived yet.";
  if (!figures.size) return " Figures begin once a few more have arrived.";
  const some = counted < trials.length ? `the first ${counted.toLocaleString("en")} of them` : "all that arrived";
  return ` Part of a study: the figures count ${some}.`;
}

const OF_ANSWERS = {
  again: "Run again",
  warnings: ({ warnings }) => warnings ?? [],
  said: {
    queued: (study) =>
      study.opening
        ? ["Waits to go on. ", steps(study), "."]
        : "Waits for its turn. This page may be closed; it goes on.",
    running: (study, left) => [h("b", {}, doing(study)), " · ", steps(study), left && ` · ${left}`],
    paused: (study) => [icon("stopped"), " ", h("b", {}, "Paused. "), steps(study), ".", stays(study)],
    done: (
      study,
    ) => [
      icon("right"),
      " ",
      h("b", {}, "Done. "),
      count(study.trials.length, "question"),
      n(study) > 0 && `, ${count(n(study), "answer")}`,
      study.done.elapsed_s > 0 && `, ${seconds(study.done.elapsed_s)}`,
      ".",
    ],
    error: (study) => [icon("warning"), " ", h("b", {}, "Ended early. "), steps(study), ".", stays(study)],
    cut: (study) => [icon("warning"), " ", h("b", {}, "Lost. "), steps(study), ".", stays(study)],
    cancelled: (
      study,
    ) => [
      icon("stopped"),
      " ",
      h("b", {}, "Cancelled. "),
      "You stopped this run after ",
      steps(study),
      ".",
      stays(study),
    ],
    refused: () => [icon("warning"), " ", h("b", {}, "Not run.")],
  },
};

const n = ({ trials }) => trials.reduce((sum, { answers }) => sum + answers.length, 0);

function doing({ progress, opening }) {
  const words = progress.doing || (opening ? "Begun" : "The names are looked at");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function steps({ opening, progress: { n_done } }) {
  if (!opening) return "0 steps";
  return `${n_done.toLocaleString("en")} of ${count(opening.n_steps, "step")}`;
}
