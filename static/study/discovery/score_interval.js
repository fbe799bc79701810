// The interval of a score over names, from counts alone: whether a latent fired on a name is yes or no. The worker's own
// (model_worker/studies/shared/statistics.py), for the ranking at a threshold that was moved.

import { shareDifference } from "../../core/shares.js";

/**
 * 95 %, of the least over types of sign × (f_known − f_unknown): the least of the types' ends; null without types.
 * @param {{ f_known: number, f_unknown: number, n_known: number, n_unknown: number }[]} types
 * @returns {[number, number]|null}
 */
export function scoreInterval(types, sign) {
  const ends = types.map((one) => {
    const known = /** @type {const} */ ([Math.round(one.f_known * one.n_known), one.n_known]);
    const unknown = /** @type {const} */ ([Math.round(one.f_unknown * one.n_unknown), one.n_unknown]);
    return sign > 0 ? shareDifference(...known, ...unknown) : shareDifference(...unknown, ...known);
  });
  return ends.length ? [Math.min(...ends.map(([low]) => low)), Math.min(...ends.map(([, high]) => high))] : null;
}
