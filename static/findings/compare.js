// Two findings beside each other. The server draws every line; this adds both curves, on one scale of log-odds.

import { Refused } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { followSliders, recordedRun, recordedSliders } from "../run/recording.js";
import { channels } from "../core/store.js";
import { lookAtWorker } from "../parts/health.js";
import { doseCurve, extent } from "../run/curve/curve.js";
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
  states.forEach((state, i) => {
    if (!state) return;
    state.set("extent", both);
    doseCurve(places[i], state);
  });
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
