// A saved circuit: what its page says in words, its exports, its check, taking it back, and the circuit itself drawn from
// the recording as Circuit draws it. The page reads without this script, and the drawing needs no worker.

import { findingFrames, Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { channels } from "../core/store.js";
import { newGraph, reduceGraph } from "../circuit/graph.js";
import { chosenIn, CIRCUIT_CHANNELS, circuitView } from "../circuit/view.js";
import { ended } from "../run/run.js";
import { findingPage } from "./page.js";
import { verifyButton } from "./verify.js";

const main = $("main");
const { slug } = main.dataset;
const { options = {} } = JSON.parse(main.dataset.view);
const state = channels({ ...CIRCUIT_CHANNELS, ...chosenIn(options), health: null, card: null, run: null });

findingPage(slug, state);
verifyButton(slug);
circuitView(state);
open();

async function open() {
  let graph = newGraph(null);
  try {
    for await (const frame of findingFrames(slug)) graph = reduceGraph(graph, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    main.querySelector("[data-recorded]").hidden = true;
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, `The recording did not arrive. ${error.message}`));
    return;
  }
  state.set("graph", ended(graph, "cut"));
}
