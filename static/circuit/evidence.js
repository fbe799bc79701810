// What speaks for a group or a node: on which names it fires, what it writes, and where it did not fire, by how much and
// what held it down. From the frames `groups` and `silent`.

import { h } from "../core/dom.js";
import { door } from "../core/term.js";
import { percent, sig3, visible } from "../core/format.js";
import { mText } from "./claim.js";
import { isSilent, nodeName, sidesOf, valueOf, whoIs } from "./graph.js";

/** On which names its strongest member fires, and what it writes. */
export function evidence(graph, one) {
  if (!one.evidence.length && !one.writes.length) return null;
  const [known, unknown] = graph.namedBy;
  return h(
    "div",
    { class: "group-evidence" },
    one.evidence.length > 0 && h(
      "table",
      { class: "evidence-table" },
      h(
        "caption",
        {},
        "Fires on names that were not asked about",
        known > 0 && `, ${known} known and ${unknown} unknown`,
      ),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, h("span", { class: "sr" }, "type")),
          one.evidence.map(({ entity_type: type }) => h("th", { scope: "col" }, type)),
        ),
      ),
      h(
        "tbody",
        {},
        [["known", "known"], ["unknown", "unknown"]].map(([name, hue]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", class: `as-${hue}` }, name),
            one.evidence.map((row) =>
              h(
                "td",
                {},
                h(
                  "span",
                  { class: `evidence-share hue-${hue}`, style: { "--v": String(row[name]) } },
                  share(row[name]),
                ),
              )
            ),
          )
        ),
      ),
    ),
    firesAlike(one.evidence) && h("p", { class: "note" }, firesAlike(one.evidence)),
    one.writes.length > 0 &&
      h(
        "p",
        { class: "note" },
        door("logit_lens", "writes"),
        " ",
        one.writes.slice(0, 6).map((text) => [h("span", { class: "mono token-chip" }, visible(text)), " "]),
      ),
  );
}

const [NEARLY_ALL, APART] = [0.8, 0.2]; // of names

/** What follows where its strongest fires as often on known names as on unknown ones, by the table's own shares. */
export function firesAlike(rows) {
  if (!rows.length) return "";
  const mean = (name) => rows.reduce((sum, row) => sum + row[name], 0) / rows.length;
  const [known, unknown] = [mean("known"), mean("unknown")];
  if (Math.abs(known - unknown) >= APART) return "";
  const shares = `${percent(known)} of known and ${percent(unknown)} of unknown ones`;
  const both = Math.min(known, unknown) >= NEARLY_ALL ? "on nearly every name" : "on both alike";
  return `It fires ${both}, ${shares}: that it fires says nothing of which kind a name is; how strongly may.`;
}

/** "18.9 on Michael Batkin, silent on Michael Jordan" */
export function values(graph, node) {
  return sidesOf(graph).map((side) =>
    isSilent(graph, node, side)
      ? `silent on ${whoIs(graph, side)}`
      : `${sig3(valueOf(node, side))} on ${whoIs(graph, side)}`
  ).join(", ");
}

/** "did not fire in …: margin 2.9, held down by L1 #2" */
export function silence(graph, node) {
  const found = graph.silent.get(node.number);
  if (!found) return null;
  const who = whoIs(graph, found.silent_in);
  const [first, ...others] = found.held_down_by;
  return h(
    "p",
    { class: "silence" },
    door("silent_node"),
    ` on ${who}: margin ${sig3(found.margin)}`,
    first
      ? [
        ", held down by ",
        nodeName(first),
        ` (graph ${mText(first.predicted)}; without it ${mText(first.measured)}${
          first.fires ? ", and it fires" : ", still silent"
        })`,
      ]
      : ", with no single brake",
    others.length > 0 && `, then ${others.map(nodeName).join(", ")}`,
    ".",
  );
}

const share = (x) => (x === 0 ? "0" : x.toFixed(2).replace(/^0\./, "."));
