// What a set of names amounts to, in words and a table: known and unknown, lengths in tokens, what confounds it; or why
// it was refused. From `NamesChecked` of protocol/worker/study_frames.py.

import { h } from "../../core/dom.js";
import { count, sig3 } from "../../core/format.js";
import { stacked } from "../../parts/stacked.js";

const CONFOUNDED = 0.6; // as model_worker/studies/shared/names.py warns

/** Names of these types with this label; undefined: with any. */
export function amount({ lengths }, types, label, matched) {
  const cells = lengths.filter((one) => types.includes(one.type) && [undefined, one.label].includes(label));
  return cells.reduce((sum, one) => sum + (matched ? one.n_kept : one.n), 0);
}

export function refusedWords({ asked, allowed, change }) {
  return [h("p", {}, h("b", {}, asked)), h("p", {}, allowed, " ", change)];
}

export function readWords(checked, matched) {
  const total = (side) => amount(checked, checked.types, side, matched);
  const auroc = matched ? checked.length_auroc : checked.length_auroc_unmatched;
  const unlabelled = total(null);
  return [
    h(
      "p",
      {},
      `${count(checked.n, "name")}: ${total("known")} known, ${total("unknown")} unknown`,
      unlabelled > 0 && `, ${unlabelled} without a label, which are asked about but not held against each other`,
      matched && checked.n_left_out > 0 && `; ${checked.n_left_out} left out to match lengths`,
      ".",
    ),
    auroc !== null &&
    h(
      "p",
      { class: auroc > CONFOUNDED ? "problem" : "note" },
      `The length in tokens alone tells known from unknown with AUROC ${sig3(auroc)}; 0.5 is not at all.`,
      auroc > CONFOUNDED &&
        (matched ? " Take other names." : " What a latent seems to know may be that: match the lengths."),
    ),
    matched && checked.warnings.map((warning) => h("p", { class: "note" }, warning)),
    h(
      "details",
      {},
      h("summary", {}, "By type and length"),
      stacked({
        caption: "Names by type, label and length in tokens",
        columns: [{ name: "type" }, { name: "label" }, { name: "tokens" }, { name: "names" }, { name: "kept" }],
        rows: checked.lengths.map((one) => [
          one.type,
          one.label ?? "none",
          String(one.n_tokens),
          String(one.n),
          String(matched ? one.n_kept : one.n),
        ]),
      }),
    ),
  ];
}
