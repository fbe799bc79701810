// A shared finding: the views of Explore over a recording. Needs no worker. The page reads without this script;
// what it adds are the plots, the sliders through the recorded arms and the exact provenance.

import { findingFrames, health, models, Refused } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { writeFragment } from "../lib/fragment.js";
import { ended, newRun, reduce } from "../lib/run.js";
import { channels } from "../lib/store.js";
import { panels } from "../views/panels.js";
import { facts } from "../views/readout.js";
import { copyButton } from "../views/share.js";
import { workerStatus } from "../views/status.js";

const $ = (id) => document.getElementById(id);
const main = $("main");
const view = JSON.parse(main.dataset.view);
const state = channels({
  health: null,
  card: null,
  run: null,
  sweep: view.sweep ?? 0,
  steer: { sweep: view.sweep, strength: view.sweep === null ? 0 : view.strength },
  colour: view.colour,
  hover: null,
});

$("copy").hidden = false;
copyButton($("copy"), () => location.href.split("#")[0]);
workerStatus($("status"), state);
open();
askWorker();

async function open() {
  let run = newRun(null);
  try {
    for await (const frame of findingFrames(main.dataset.slug)) run = reduce(run, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, `The recording did not arrive. ${error.message}`));
    return;
  }
  run = { ...ended(run, "cut"), request: run.start.request };
  state.set("run", run);
  for (const element of main.querySelectorAll("[hidden]:not(#notice)")) element.hidden = false;
  panels(state);
  state.on(["run", "steer", "card"], provenance);
  state.on(["steer", "colour", "card"], openInExplore);
}

function provenance() {
  const rows = [
    ...facts(state),
    ["decoding", `greedy, up to ${state.get("run").request.max_new_tokens} tokens`],
    ["protocol", `version ${state.get("run").start.protocol}`],
  ];
  fill(
    $("provenance"),
    h(
      "dl",
      { class: "facts" },
      rows.map(([name, value, title]) => [h("dt", {}, name), h("dd", { title: title ?? null }, value)]),
    ),
  );
}

// The whole request, so that Explore asks exactly this again, whatever its own defaults are by then.
function openInExplore() {
  const { prompt, format, kind, ...request } = state.get("run").request;
  const { sweep, strength } = state.get("steer");
  $("open").href =
    `/${writeFragment({ prompt, format, sweep: strength === 0 ? null : sweep, strength, colour: state.get("colour"), request })}`;
}

// Only for the led, and for names that an older recording does not hold.
async function askWorker() {
  try {
    const now = await health();
    state.set("health", now);
    if (now.ready || now.model)
      state.set("card", (await models()).find(({ id }) => id === state.get("run")?.request?.model) ?? null);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("health", { worker: "down", ready: false, model: null, detail: error.message });
  }
}
