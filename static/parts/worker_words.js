// Whether a worker is there, in words, and only as far as it is known: from the app's /healthz, from no answer of the app,
// and from a run whose frames arrive. Pure.

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
