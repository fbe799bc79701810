// A measured arrow between groups: ink with a head where it excites, blue with a bar where it inhibits, dashed where
// random directions do as much. Knows where it goes from its path alone.

import { h, s } from "../../core/dom.js";
import { door } from "../../core/term.js";

/** An arrow of graph.js along a path of layout.js: its line with its tip, and its number. */
export function arrowElement({ share, solid, inhibits }, { d, end, label }) {
  const kind = `arrow ${inhibits ? "inhibits" : "excites"} ${solid ? "solid" : "within"}`;
  const turn = `translate(${end.x} ${end.y}) rotate(${(end.angle * 180) / Math.PI})`;
  const tip = inhibits
    ? s("path", { d: "M0 -7V7", class: "tip-bar" })
    : s("path", { d: "M2 0L-8 -4.5V4.5Z", class: "tip-head" });
  const number = sig2(share);
  const plate = 8 * number.length + 4;
  const size = 1.2 + 2.4 * Math.min(1, Math.abs(share));
  return {
    line: s(
      "g",
      { class: kind, style: { "--size": `${size.toFixed(2)}px` } },
      s("path", { d, class: "shaft" }),
      s("g", { transform: turn }, tip),
    ),
    label: s(
      "g",
      {
        class: `arrow-label ${inhibits ? "label-inhibits" : ""} ${solid ? "" : "label-within"}`,
        transform: `translate(${label.x} ${label.y})`,
      },
      s("rect", { class: "label-plate", x: -plate / 2, y: -8, width: plate, height: 16, rx: 2 }), // no line through digits
      s("text", { y: 4, "text-anchor": "middle" }, number),
    ),
  };
}

/** ".66", "1.0": a share on an arrow. */
const sig2 = (
  share,
) => (Math.abs(share) < 0.005
  ? "0"
  : share.toFixed(Math.abs(share) < 1 ? 2 : 1).replace(/^(-?)0\./, "$1.").replace("-", "−"));

/** What the drawing's lines and boxes mean. overlap: why shares make no sum, "" where they do. */
export function legend(overlap = "") {
  const sample = (kind, tip) =>
    s(
      "svg",
      { width: 30, height: 12, "aria-hidden": "true" },
      s(
        "g",
        { class: kind },
        s("path", { d: "M1 6H22", class: "shaft" }),
        s("g", { transform: "translate(24 6)" }, tip),
      ),
    );
  return h(
    "p",
    { class: "row wrap circuit-legend note" },
    h(
      "span",
      { class: "row tight" },
      sample("arrow excites solid", s("path", { d: "M2 0L-7 -4V4Z", class: "tip-head" })),
      "excites",
    ),
    h(
      "span",
      { class: "row tight" },
      sample("arrow inhibits solid", s("path", { d: "M0 -5V5", class: "tip-bar" })),
      "inhibits",
    ),
    h(
      "span",
      { class: "row tight" },
      sample("arrow excites within near", s("path", { d: "M0 0", class: "tip-head" })),
      "no more than ",
      door("control", "random"),
    ),
    h("span", { class: "row tight" }, h("span", { class: "legend-silent" }), door("silent_node")),
    h("span", { class: "row tight" }, "number: ", door("circuit_arrow", "share of the target’s way")),
    h(
      "span",
      {},
      "box: its strongest ",
      door("activation", "fires"),
      "; others: where that is silent, the next; was: before a turn or test",
    ),
    h("span", {}, door("group_share", "% of the gap"), overlap && `: ${overlap}`),
  );
}
