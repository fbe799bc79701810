// What a search says as it stands (study/running.js): how many of its names are read.

import { h, icon } from "../core/dom.js";
import { seconds } from "./running.js";

/** That names are too few stands over the result (discovery/report.js). */
export const OF_NAMES = {
  again: "Search again",
  warnings: ({ warnings, too_few }) => (warnings ?? []).filter((one) => !too_few?.includes(one)),
  said: {
    queued: (study) =>
      study.opening
        ? ["Waits to go on. ", read(study), " so far."]
        : "Waits for its turn. This page may be closed; the search goes on.",
    running: (study, left) => [h("b", {}, doing(study)), " · ", read(study), left && ` · ${left}`],
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
  },
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
