// A verdict as a badge: icon, verb, and the phrase or rule that decided. Where an answer stands by itself its verb is a door
// to the rule; in lists of them it isn't, where each would be one more stop of the Tab key.

import { h, icon } from "../core/dom.js";
import { OUTCOMES } from "../core/protocol.js";
import { door } from "../core/term.js";
import { why } from "./verdicts.js";

/** @param {object} verdict a `verdict` frame @param {boolean} [listed] among many */
export function badge(verdict, listed = true) {
  const verb = OUTCOMES[verdict.outcome].badge;
  return h(
    "span",
    { class: `badge badge-${verdict.outcome}`, title: why(verdict) },
    icon(verdict.outcome),
    h("b", {}, listed ? verb : door(verdict.outcome, verb)),
    h("span", {}, `· ${why(verdict)}`),
  );
}
