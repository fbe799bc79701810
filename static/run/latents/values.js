// Where a latent's values on this prompt come from: from the run, which has the watched ones at every strength, else
// from `look`, which has the largest of what is shown now. Reads channels, writes none.

import { same } from "../names.js";
import { activation, armAt, idleArm, lastEntity } from "../run.js";
import { fvuOf, valueAt } from "./active.js";
import { pushing, samePushes } from "../steering/sliders.js";

/** The arm of `look` that is shown: its last one. */
export const shownIn = (look) => look.start.arms.length - 1;

/** Whether `look` asked what the run asks: then its baseline is the run's. */
export function isOfThisPrompt(state) {
  const [look, run] = [state.get("look"), state.get("run")];
  if (!look?.start || !run?.start) return false;
  const [a, b] = [look.start.request, run.start.request];
  return a.prompt === b.prompt && a.format === b.format;
}

/** Whether `look` pushes what the sliders push now: then its last arm is what is shown. */
export function isOfThesePushes(state) {
  const look = state.get("look");
  if (!isOfThisPrompt(state)) return false;
  const { request, arms } = look.start;
  const { sweep, strength } = arms.at(-1);
  const pushed = [...request.hold, ...(sweep === null ? [] : [{ ...request.sweeps[sweep], strength }])];
  return samePushes(pushed, pushing(state.get("sliders"), state.get("values")));
}

/** @typedef {import("./active.js").Reading} Reading */

/**
 * A latent's values along the prompt: of the baseline, and of what is shown; `shown` is null where nothing is pushed,
 * `pending` says that what is shown is not here yet. Null where nobody read this latent.
 * @returns {{ base: (Reading|null)[], shown: (Reading|null)[]|null, pending: boolean }|null}
 */
export function along(state, target) {
  const run = state.get("run");
  if (!run?.prompt) return null;
  const places = run.start.tokens.map((_, pos) => pos);
  const nothing = state.get("steer").sweep === null && idleArm(run) === 0;
  const watch = run.start.request.watch.findIndex((one) => same(one, target));
  if (watch >= 0) {
    const arm = armAt(run, state.get("steer"));
    const read = (a) => places.map((pos) => ({ value: activation(run, a, watch, pos), atMost: false }));
    return { base: read(0), shown: nothing || arm < 0 ? null : read(arm), pending: arm < 0 };
  }
  const look = state.get("look");
  if (!isOfThisPrompt(state) || !valueAt(look, 0, target, 0)) return null;
  const read = (a) => places.map((pos) => valueAt(look, a, target, pos));
  const fits = isOfThesePushes(state);
  return { base: read(0), shown: nothing || !fits ? null : read(shownIn(look)), pending: !nothing && !fits };
}

/** The selected place, else the last token of the name; prompt and answer counted through. */
export const placeOf = (state) => state.get("token") ?? lastEntity(state.get("run"));

/** What a dictionary leaves unexplained on this prompt, by whichever run has read it; null if none has. */
export function fvuHere(state, dictionary) {
  const look = isOfThisPrompt(state) ? fvuOf(state.get("look"), dictionary) : null;
  return look ?? fvuOf(state.get("run"), dictionary);
}
