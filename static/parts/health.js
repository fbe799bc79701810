// Whether a worker is there, and in words, only as far as it is known. Knows nothing about what is asked of it.

import { health, models, Refused } from "../core/api.js";

const PATIENCE_MS = { ready: 30_000, first: 1_000, most: 15_000 };
const SILENT_MS = 2_000; // of a run; then the app is asked whether something is in its way

/** Asked once, for pages that work without one. Fills the channel `health`; no answer from the app counts as a worker that is down. */
export async function lookAtWorker(state) {
  try {
    state.set("health", await health());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("health", { worker: "down", reached: false, ready: false, model: null, detail: error.message });
  }
}

/**
 * Asks at once, then with growing patience until it is ready; fills `card` too. Returns what makes it ask now.
 * `waits()`: a run is under way, whose frames change the channel `run`; while none comes it asks again and again.
 * @param {any} state @param {{ waits?: () => boolean }} options
 */
export function watchWorker(state, { waits = () => false } = {}) {
  let timer = 0;
  let patience = PATIENCE_MS.first;
  let told = performance.now();
  state.on(["run"], () => (told = performance.now()));
  setInterval(() => waits() && performance.now() - told > SILENT_MS && ask(), SILENT_MS);
  ask();
  return ask;

  async function ask() {
    clearTimeout(timer);
    await lookAtWorker(state);
    const { ready, model, database } = state.get("health");
    if ((ready || model) && !state.get("card")) {
      try {
        state.set("card", (await models())[0] ?? null);
      } catch (error) {
        if (!(error instanceof Refused)) throw error; // asked again with the next look
      }
    }
    const there = ready && database !== "busy" && state.get("card");
    patience = there ? PATIENCE_MS.first : Math.min(patience * 1.5, PATIENCE_MS.most);
    clearTimeout(timer);
    timer = setTimeout(ask, there ? PATIENCE_MS.ready : patience);
  }
}

/**
 * @typedef {{ worker: "ready"|"starting"|"down", answers?: boolean, reached?: boolean }} Standing answers: a worker does,
 * though it can't be used; reached: false where the app itself said nothing
 */

/** What is known of the worker: a run that goes on is answered, whatever was said before it began.
 * @param {Standing|null} health @param {{ phase: string, start: object|null }|null} [run] @returns {string|null} */
export const workerNow = (health, run) => (run?.phase === "running" && run.start ? "ready" : (health?.worker ?? null));

/** Why nothing can be run, of a worker that is down. @param {Standing} health */
export function downWords({ answers, reached }) {
  if (reached === false) return "The app does not answer";
  return answers ? "The worker cannot be used" : "No worker answers";
}
