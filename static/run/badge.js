// A verdict as a badge: icon, verb, and the phrase or rule that decided.

import { h, icon } from "../core/dom.js";
import { OUTCOMES } from "../core/protocol.js";
import { why } from "./verdicts.js";

/** @param {object} verdict a `verdict` frame */
export function badge(verdict) {
  return h(
    "span",
    { class: `badge badge-${verdict.outcome}`, title: why(verdict) },
    icon(verdict.outcome),
    h("b", {}, OUTCOMES[verdict.outcome].badge),
    h("span", {}, `· ${why(verdict)}`),
  );
}
