// What a search found, as a title and as a sentence: as much as the test names, which ranked nothing, bear out. Pure.

import { count, sig3 } from "../../core/format.js";

export const WEAK = 0.1; // separation below which nothing is said to tell names apart

const FEW = "Too few names to say which latents know them";
const NONE = "No latent tells known names from unknown ones in every type";

/**
 * @param {{ layer: number, latent: number, role: string, score: number, test: number|null }|undefined} best of the ranking
 * @param {number} nTypes
 * @param {string[]} tooFew why nothing can be said, as the worker did before it ran
 */
export function headline(best, nTypes, tooFew = []) {
  if (tooFew.length) return { title: FEW, claim: tooFew.join(" ") };
  if (!best) return { title: NONE, claim: `${NONE}.` };
  const { layer, latent, role, score, test } = best;
  const name = `L${layer} #${latent}`;
  const where = nTypes > 1 ? `, in the worst of ${count(nTypes, "type")}` : "";
  const claim = (tested) =>
    `${name} fires on ${role} names: separation ${sig3(score)} on the training half, ${tested}${where}.`;
  if (test === null) return { title: `${name} ranks first; not tested`, claim: claim("not tested") };
  const weakly = test > 0 ? `${name} ranks first, and hardly tells the test names` : null;
  return {
    title: test >= WEAK
      ? `${name} tells known names from unknown ones`
      : weakly ?? `${name} ranks first, and fails on the test names`,
    claim: claim(`${sig3(test)} on the test names`),
  };
}
