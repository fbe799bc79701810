// What is claimed of the neurons, in words: the sentences of the one rule, a null in the place of a finding. From the
// figure `verdicts`.

import { h, unfold } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { records } from "./records.js";

/** Nothing before the rule has spoken. */
export function claimsList(study) {
  const figure = study.figures.get("verdicts");
  return figure && [
    h(
      "ul",
      { class: "neurons-claims" },
      records(figure).map(({ claim, holds, sentence }) =>
        h(
          "li",
          { class: holds === "yes" ? "claim-holds" : null },
          h("p", { class: "row tight" }, h("b", {}, claim), h("span", { class: "push claim-verdict" }, holds)),
          h("p", {}, withDoors(sentence)),
        )
      ),
    ),
    unfold(
      "rule",
      "The rule, and its controls",
      figure.notes.map((note) => h("p", { class: "note" }, withDoors(note))),
    ),
  ];
}
