// A sentence of claim.js on the page: m and groups are doors, a group has its hue, and what turns stands out.

import { h } from "../core/dom.js";
import { door, withDoors } from "../core/term.js";
import { CIRCUIT_TURNS, GROUP_ROLES } from "../core/protocol.js";

const NAMED = Object.fromEntries(
  Object.entries(GROUP_ROLES).map(([role, { name, hue }]) => [name, { hue, key: groupKey(role) }]),
);
const REFUSES = CIRCUIT_TURNS.refuses;
const ANSWERS = CIRCUIT_TURNS.answers;

/** What a door at a group's name says. @returns {import("../core/term.js").TermKey} */
export function groupKey(role) {
  return ["recognised", "not_recognised"].includes(role) ? "recognition" : "circuit_group";
}

/** @param {string} sentence @returns {(string|Element)[]} */
export function told(sentence) {
  const parts = sentence.split(/(“[^”]*”|\bm\b(?= goes| [+−≈\d])|: it [a-z]+(?=[;,.]))/);
  return parts.flatMap((part) => {
    const quoted = part.slice(1, -1);
    if (Object.hasOwn(NAMED, quoted)) {
      const { hue, key } = NAMED[quoted];
      return ["“", h("span", { class: `as-${hue}` }, door(key, quoted)), "”"];
    }
    if (part === "m") return [door("m", "m")];
    if (part === REFUSES) return [": ", h("b", { class: "as-refusal" }, part.slice(2))];
    if (part === ANSWERS) return [": ", h("b", {}, part.slice(2))];
    return withDoors(part);
  });
}
