// How far a circuit can be trusted, in one line that never hides: what of the gap is shown, what no dictionary reads,
// what is left over, how the checks came out, and what was held still. From the frames `circuit`, `nodes`, `checked`.

import { fill, h } from "../core/dom.js";
import { door } from "../core/term.js";
import { count, percent, sig3 } from "../core/format.js";
import { BASES } from "../core/protocol.js";
import { gapMissing, mText } from "./claim.js";
import { gapOf, sidesOf } from "./graph.js";

/** Shares of the gap by layer; none where there is no gap to share. @returns {{ shown: number[], error: number[], left: number[] }} */
export function sharesOf(graph) {
  const gap = gapOf(graph) || 1;
  const layers = gapMissing(graph) ? [] : graph.layers;
  const of = (read) => layers.map((layer) => read(layer) / gap);
  return {
    shown: of(({ shown }) => shown),
    error: of(({ error }) => error),
    left: of(({ total }) => gap - total),
  };
}

/** "4–22 %" of several, "22 %" of one. */
export function rangeText(shares) {
  if (!shares.length) return "–";
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map((x) => percent(x));
  return low === high ? low : `${low.replace(" %", "")} to ${high}`;
}

export function trustStrip(element, state) {
  const off = state.on(["graph"], () => {
    const graph = state.get("graph");
    if (!graph?.start) {
      return fill(element, h("span", { class: "note" }, "What of this is measured stands here once something is."));
    }
    const { start, checked, nodes, fit } = graph;
    const { shown, error, left } = sharesOf(graph);
    const n = graph.groups.flatMap(({ to_other_a, off_a }) => [to_other_a, off_a]).find((one) => one?.control)?.control
      .n;
    const edges = graph.edges.a.length + graph.edges.b.length;
    const pair = sidesOf(graph).length > 1;
    const transcodes = start.request.basis === "transcoder";
    fill(
      element,
      fact(door("gap", pair ? "gap" : "m"), `${mText(gapOf(graph))} logits`),
      fact([door("nodes_shown", "nodes shown"), " carry"], rangeText(shown)),
      fact(door("error_node", "error"), [
        rangeText(error),
        start.without.length > 0 && `, no ${transcodes ? "transcoder" : "dictionary"} in L${start.without.join(", L")}`,
      ]),
      fact(
        start.request.basis === "latents" ? door("unexplained") : door("unexplained", "around the MLPs"),
        rangeText(left),
      ),
      fact(door("node_check", "checked"), [`${checked.size} of ${nodes.length}`, fit !== null && `, r ${sig3(fit)}`]),
      fact(door("control", "random"), n ? `${n} pushes` : "none yet"),
      fact(door("node_budget", "budget"), [
        `${count(nodes.length, "node")} of ${
          graph.layers.reduce((sum, layer) => sum + layer.n_candidates, 0).toLocaleString("en")
        }, ${count(edges, "edge")}`,
      ]),
      fact("precision", start.precision),
      fact(door("held_still", "held still"), `where heads look, norms, ${transcodes ? "MLPs" : "gates"}`),
      transcodes && fact(door("transcoder", "nodes"), BASES.transcoder),
      graph.phase !== "done" &&
        h(
          "span",
          { class: "trust-part" },
          graph.phase === "running" ? "arriving…" : "a part: what arrived before it ended",
        ),
    );
  });
  return () => {
    off();
    fill(element);
  };
}

const fact = (name, value) => h("span", {}, h("span", { class: "trust-name" }, name), " ", h("b", {}, value));
