// Two findings beside each other. The server draws every line; this adds both curves, on one scale of log-odds,
// and of strengths where those are in one unit.

import { Refused } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { followSliders, recordedRun, recordedSliders } from "../run/recording.js";
import { channels } from "../core/store.js";
import { lookAtWorker } from "../parts/health.js";
import { doseCurve, extent } from "../run/curve/curve.js";
import { domain } from "../run/steering/axis.js";
import { workerStatus } from "../run/status.js";

const health = channels({ health: null, run: null }); // no run here; the led asks for it
workerStatus(document.getElementById("status"), health);
lookAtWorker(health);

const places = [...document.querySelectorAll(".pair-curve")];
if (places.length) drawBoth();

async function drawBoth() {
  const states = await Promise.all(places.map(recorded));
  const extents = states.filter(Boolean).map((state) => extent(state.get("run"), state.get("sweep")));
  const both = [Math.min(...extents.map(([low]) => low)), Math.max(...extents.map(([, high]) => high))];
  const reach = sharedReach(states.filter(Boolean));
  states.forEach((state, i) => {
    if (!state) return;
    state.set("extent", both);
    state.set("reach", reach);
    doseCurve(places[i], state);
  });
}

// Strengths of one unit have one axis; of two there is none that both could be read on.
function sharedReach(states) {
  const units = new Set(states.map((state) => state.get("sliders")[state.get("active")].unit));
  return units.size === 1 ? states.flatMap(domain) : [];
}

async function recorded(place) {
  try {
    const run = await recordedRun(place.dataset.slug);
    if (!run.request.sweeps.length) {
      fill(place, h("p", { class: "dim" }, "Nothing was swept."));
      return null;
    }
    const view = JSON.parse(place.dataset.view);
    const state = channels({
      run,
      card: null,
      extent: null,
      reach: [],
      live: false,
      ...recordedSliders(run, view),
      steer: null,
      sweep: 0,
    });
    followSliders(state);
    return state;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fill(place, h("p", { class: "dim" }, `The recording did not arrive. ${error.message}`));
    return null;
  }
}
