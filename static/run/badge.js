// A verdict as a badge: icon, verb, and the phrase or rule that decided where the verb does not say it.

import { h, icon } from "../core/dom.js";
import { OUTCOMES } from "../core/protocol.js";
import { termOf, why } from "./verdicts.js";

/** @param {object} verdict a `verdict` frame */
export function badge(verdict) {
  return h(
    "span",
    { class: `badge badge-${verdict.outcome}`, title: why(verdict) },
    icon(verdict.outcome),
    h("b", {}, termOf(verdict).badge),
    termOf(verdict) === OUTCOMES[verdict.outcome] && h("span", {}, `· ${why(verdict)}`),
  );
}
