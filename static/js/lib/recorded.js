// A finding's recording as a run. Knows nothing about the page.

import { findingFrames } from "./api.js";
import { ended, newRun, reduce } from "./run.js";

/** Raises Refused where the recording doesn't arrive. @returns {Promise<import("./run.js").Run>} */
export async function recordedRun(slug) {
  let run = newRun(null);
  for await (const frame of findingFrames(slug)) run = reduce(run, frame);
  return { ...ended(run, "cut"), request: run.start.request };
}

/** The channels that a finding's view starts with. @param {{sweep: number|null, strength: number, colour: number}} view */
export const viewed = (view) => ({
  sweep: view.sweep ?? 0,
  steer: { sweep: view.sweep, strength: view.sweep === null ? 0 : view.strength },
  colour: view.colour,
});
