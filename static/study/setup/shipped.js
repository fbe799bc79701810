// What an experiment opens on: the study that was made of it when the model was shipped, without its answers
// (client/first_studies.py). Knows nothing about running one.

import { recordedFrames, Refused } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { newStudy, reduceStudy } from "../study.js";

/** @returns {Promise<import("../study.js").Study | null>} null where none lies there */
export async function shippedStudy(folder, experiment) {
  let study = newStudy(null);
  try {
    for await (const frame of recordedFrames(`${folder}/${experiment}.jsonl`)) study = reduceStudy(study, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  return study.opening && study.done ? study : null;
}

/** Says what is shown, and what to press for a run of one's own: it opens `setup`, the fold with the form. */
export function drawShipped(element, { opening }, setup) {
  const ask = () => {
    setup.open = true;
    setup.querySelector("summary").focus();
  };
  element.hidden = false;
  fill(
    element,
    h(
      "span",
      {},
      h("b", {}, "A recorded result: "),
      `${opening.model.id}, as it was shipped. Its answers are read in a run of your own.`,
    ),
    h("button", { class: "button push", type: "button", onclick: ask }, "Run your own"),
  );
}
