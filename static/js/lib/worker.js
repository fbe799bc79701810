// Whether a worker is there, asked once: for pages that work without one.

import { health, Refused } from "./api.js";

/** Fills the channel `health`; no answer from the app is a worker that is down. */
export async function lookAtWorker(state) {
  try {
    state.set("health", await health());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("health", { worker: "down", ready: false, model: null, detail: error.message });
  }
}
