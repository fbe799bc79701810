// When a study can be saved, and what is said of one that is a part.

import { standing } from "./running.js";
import { hasFound } from "./study.js";

const IN_PART = ["paused", "cancelled", "error", "cut"]; // how a study may stand whose findings so far can be saved

/** Lets a button save what there is: all of a study, or what arrived of it. `study` null: nothing was run. */
export function maySave(button, study, summary) {
  const stands = study && standing(study, summary);
  const part = IN_PART.includes(stands) && hasFound(study);
  button.disabled = !(stands === "done" || part);
  button.title = stands === "done"
    ? "Make a link that anyone can open"
    : part
    ? "Save what arrived, as part of a study"
    : ["queued", "running"].includes(stands)
    ? "A study can be saved once it is done or paused"
    : "Nothing to save yet";
}

/** ", 13 of 24 steps" behind a title; nothing of a study that is whole. */
export const partWords = ({ done, opening, progress }) =>
  done ? "" : `, ${progress.n_done.toLocaleString("en")} of ${opening.n_steps.toLocaleString("en")} steps`;
