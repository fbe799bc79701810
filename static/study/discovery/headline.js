// What a search found, as a title and as a sentence: as much as the test half, which ranked nothing, bears out. Pure.

import { count, sig3 } from "../../core/format.js";

const NONE = "No latent tells known names from unknown ones in every type";

/**
 * @param {{ layer: number, latent: number, role: string, score: number, test: number|null }|undefined} best of the ranking
 * @param {number} nTypes
 */
export function headline(best, nTypes) {
  if (!best) return { title: NONE, claim: `${NONE}.` };
  const { layer, latent, role, score, test } = best;
  const name = `L${layer} #${latent}`;
  const where = nTypes > 1 ? `, in the worst of ${count(nTypes, "type")}` : "";
  const claim = (tested) =>
    `${name} fires on ${role} names: separation ${sig3(score)} on the training half, ${tested}${where}.`;
  if (test === null) return { title: `${name} ranks first; not tested`, claim: claim("not tested") };
  return {
    title: test > 0 ? `${name} tells known names from unknown ones` : `${name} ranks first, and fails on the test half`,
    claim: claim(`${sig3(test)} on the test half`),
  };
}
