// A saved study: its figures drawn from the recording, every answer, and taking it back. Needs no worker. The page reads
// without this script; what it adds are the plots, what can be filtered, and the labels' thresholds.

import { findingFrames, models, Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { channels } from "../core/store.js";
import { newStudy, reduceStudy } from "../study/study.js";
import { lookAtWorker } from "../parts/health.js";
import { discoveryView } from "../study/discovery/report.js";
import { figuresView } from "../study/figures/figures.js";
import { neuronsView } from "../study/neurons/report.js";
import { labelsView } from "../study/trials/labels.js";
import { findingPage } from "./page.js";
import { verifyButton } from "./verify.js";
import { trialsView } from "../study/trials/trials.js";

const { slug, kind, view } = $("main").dataset;
const { options = {} } = JSON.parse(view);
const state = channels({ health: null, run: null }); // no run here; the led asks for it

findingPage(slug, state);
verifyButton(slug);
open();

async function open() {
  const card = cardHere(); // only for names and strengths that a recording does not hold
  let study = newStudy(null);
  try {
    for await (const frame of findingFrames(slug)) study = reduceStudy(study, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, `The recording did not arrive. ${error.message} The tables below are whole.`));
    return;
  }
  draw(study, await card);
}

function draw(study, card) {
  if (kind === "discover") {
    $("trials").hidden = true;
    fill($("figures"));
    discoveryView($("figures"), study, { options, card });
    return;
  }
  if (kind === "neurons" && study.figures.size) {
    const report = h("div", {});
    fill($("figures"), report);
    neuronsView(report, study, { options, card });
  } else if (study.figures.size) figuresView($("figures")).show(study);
  const labels = h("section", { class: "experiment-labels", "aria-label": "Labels", hidden: true });
  $("trials").before(labels);
  labelsView(labels).show(study);
  trialsView($("trials"), { chosen: options, card }).show(study);
}

async function cardHere() {
  await lookAtWorker(state);
  const { ready, model } = state.get("health");
  if (!ready && !model) return null;
  try {
    return (await models())[0] ?? null;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}
