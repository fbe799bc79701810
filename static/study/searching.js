// How far a discovery is: names read, about how long the rest takes at the rate that is seen, and what can be done about
// it: pause, go on, cancel, search again. From progress frames and the run's summary.

import { fill, h, icon } from "../core/dom.js";
import { shareDone } from "./study.js";

const SEEN_MS = 12_000; // the rate is that of this long
const ENOUGH_MS = 1_500;

/** `act`: { pause, resume, cancel, again }. @returns {{ show: (study, summary, trouble) => void }} */
export function searching(element, act) {
  const bar = h("progress", { class: "searching-bar", max: 1, value: 0, "aria-label": "Steps done" });
  const said = h("p", { class: "searching-said" });
  const told = h("p", { class: "sr", role: "status" });
  const buttons = h("div", { class: "row push" });
  const problem = h("p", { class: "problem", role: "alert" });
  fill(element, h("div", { class: "row searching-row" }, said, buttons), bar, told, problem);
  let seen = []; // [ms, n_done]
  let held = ""; // which buttons there are

  return { show };

  function show(study, summary, trouble) {
    const stands = standing(study, summary);
    const { n_done } = study.progress;
    if (stands !== "running" || (seen.length && n_done < seen.at(-1)[1])) seen = [];
    if (stands === "running") {
      seen = [...seen.filter(([at]) => at > performance.now() - SEEN_MS), [performance.now(), n_done]];
    }
    bar.value = stands === "done" ? 1 : shareDone(study);
    bar.hidden = stands === "refused";
    fill(said, SAID[stands](study, stands === "running" ? left(study) : ""));
    if (told.dataset.stands !== stands) {
      told.dataset.stands = stands;
      fill(told, said.textContent);
    }
    fill(
      problem,
      [trouble, study.phase !== "cancelled" && study.refusal]
        .filter(Boolean)
        .slice(0, 1)
        .map(({ asked, allowed, change }) => `${asked} ${allowed} ${change}`),
    );
    const wanted = BUTTONS[stands].join();
    if (wanted === held) return;
    held = wanted;
    const focused = buttons.contains(document.activeElement);
    fill(
      buttons,
      BUTTONS[stands].map((name) =>
        h("button", { class: "button", type: "button", onclick: () => act[name]() }, WORDS[name])
      ),
    );
    if (focused) buttons.querySelector("button")?.focus();
  }

  function left({ opening, progress }) {
    const [first, last] = [seen[0], seen.at(-1)];
    if (!opening || !first || last[0] - first[0] < ENOUGH_MS || last[1] === first[1]) return "";
    const s = ((opening.n_steps - progress.n_done) * (last[0] - first[0])) / (last[1] - first[1]) / 1000;
    return s < 1
      ? ", about a second left"
      : s < 90
      ? `, about ${Math.round(s)} s left`
      : `, about ${Math.round(s / 60)} min left`;
  }
}

/** What a study and its run amount to, in a word. */
export function standing(study, summary) {
  if (study.phase === "error" && !study.opening) return "refused"; // by the worker, before it began
  if (["done", "error", "cancelled", "cut", "refused"].includes(study.phase)) return study.phase;
  if (summary && ["paused", "cancelled", "error", "cut"].includes(summary.state)) return summary.state;
  return !summary || summary.state === "queued" || study.phase === "asking" ? "queued" : "running";
}

const WORDS = { pause: "Pause", resume: "Go on", cancel: "Cancel", again: "Search again" };
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

const SAID = {
  queued: (study) =>
    study.opening
      ? ["Waits to go on. ", read(study), " so far."]
      : "Waits for its turn. This page may be closed; the search goes on.",
  running: (study, left) => [h("b", {}, doing(study)), " · ", read(study), left],
  paused: (study) => [icon("stopped"), " ", h("b", {}, "Paused. "), read(study), ". What is counted stays."],
  done: (study) => [icon("right"), " ", h("b", {}, "Done. "), read(study), `, in ${seconds(study.done.elapsed_s)}.`],
  error: (study) => [icon("warning"), " ", h("b", {}, "Ended early. "), read(study), ". What was counted stays."],
  cut: (study) => [icon("warning"), " ", h("b", {}, "Lost. "), read(study), ". What was counted stays."],
  cancelled: (study) => [
    icon("stopped"),
    " ",
    h("b", {}, "Cancelled. "),
    "You stopped this search after ",
    read(study),
    ". What was counted stays.",
  ],
  refused: () => [icon("warning"), " ", h("b", {}, "Not run.")],
};

function doing({ progress, opening }) {
  const words = progress.doing || (opening ? "The first names" : "The names are looked at");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** "788 of 911 names". Steps are names and, after the training half, stretches of ordinary text. */
function read({ opening, progress: { n_done } }) {
  if (!opening) return "no name read";
  const n = opening.names.length;
  const train = opening.names.filter(({ split }) => split === "train").length;
  const text = Math.max(0, opening.n_steps - n);
  const names = n_done <= train ? n_done : Math.max(train, n_done - text);
  return `${Math.min(n, names).toLocaleString("en")} of ${n.toLocaleString("en")} names`;
}

const seconds = (s) => (s < 100 ? `${Math.round(s)} s` : `${(s / 60).toFixed(1)} min`);
