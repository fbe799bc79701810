// A sentence of claim.js on the page: m is a door, a group has its hue, and what turns stands out.

import { h } from "../core/dom.js";
import { door, withDoors } from "../core/term.js";
import { CIRCUIT_TURNS, GROUP_ROLES } from "../core/protocol.js";

const HUES = Object.fromEntries(Object.values(GROUP_ROLES).map(({ name, hue }) => [name, hue]));
const REFUSES = CIRCUIT_TURNS.refuses;
const ANSWERS = CIRCUIT_TURNS.answers;

/** @param {string} sentence @returns {(string|Element)[]} */
export function told(sentence) {
  const parts = sentence.split(/(“[^”]*”|\bm\b(?= goes| [+−≈\d])|: it [a-z]+(?=[;,.]))/);
  return parts.flatMap((part) => {
    const quoted = part.slice(1, -1);
    if (Object.hasOwn(HUES, quoted)) return ["“", h("span", { class: `as-${HUES[quoted]}` }, quoted), "”"];
    if (part === "m") return [door("m", "m")];
    if (part === REFUSES) return [": ", h("b", { class: "as-refusal" }, part.slice(2))];
    if (part === ANSWERS) return [": ", h("b", {}, part.slice(2))];
    return withDoors(part);
  });
}
