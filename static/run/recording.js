// A recording as a run, and the channels that a page of it starts with. Knows nothing about the page.

import { findingFrames, recordedFrames } from "../core/api.js";
import { ended, newRun, reduce } from "./run.js";
import { slidersOfRequest, steerIn, sweepOf } from "./steering/sliders.js";

/** Of a finding. Raises Refused where it doesn't arrive. @returns {Promise<import("./run.js").Run>} */
export const recordedRun = (slug) => folded(findingFrames(slug));

/** Of a file. */
export const runAt = (path) => folded(recordedFrames(path));

/** The sliders of a recorded run at what its view shows. @param {{sweep: number|null, strength: number}} view */
export function recordedSliders(run, view) {
  const sliders = slidersOfRequest({ sweeps: run.start.request.sweeps }, null, run).sliders;
  return {
    sliders,
    values: sliders.map((_, i) => (i === view.sweep ? view.strength : null)),
    active: view.sweep ?? 0,
  };
}

/** Keeps `steer` and `sweep`, which the views of a run read, in step with the sliders. Returns what ends it. */
export function followSliders(state) {
  return state.on(["run", "sliders", "values", "active"], () => {
    const [run, sliders, values, active] = ["run", "sliders", "values", "active"].map(state.get);
    const now = state.get("steer");
    const steer = steerIn(run, sliders ?? [], values ?? [], active);
    if (now?.sweep !== steer.sweep || now?.strength !== steer.strength) state.set("steer", steer);
    state.set("sweep", Math.max(0, sweepOf(run, sliders?.[active])));
  });
}

async function folded(frames) {
  let run = newRun(null);
  for await (const frame of frames) run = reduce(run, frame);
  return { ...ended(run, "cut"), request: run.start.request };
}
