// Nodes as a table that can be searched, and above it what leads to the outcome as a tree: all that the drawing says, for
// who reads it. From the frames `nodes`, `checked`, `arrows`.

import { fill, h } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { sig3, visible } from "../../core/format.js";
import { GROUP_ROLES } from "../../core/protocol.js";
import { aimOf, gapMissing, groupName, hueOf, mText, outcomeOf } from "../claim.js";
import { isSilent, nodeName, nodesAbove, sideOf, sidesOf, whoIs } from "../graph.js";
import { nodeId } from "../points.js";
import { leadsOf } from "./tree.js";

const SHOWN = 100; // rows, until more are asked for

export function nodeTable(element, state) {
  let most = SHOWN;
  const find = h("input", {
    id: "find",
    class: "input",
    type: "search",
    placeholder: "L2 #1, Jord, recognised",
    "aria-label": "Find a node",
    oninput: drawTable,
  });
  const tree = h("div", {});
  const table = h("div", {});
  fill(
    element,
    h("h2", {}, "What leads to the outcome"),
    tree,
    h("p", { class: "row find-row" }, h("label", { for: "find", class: "h" }, "Nodes"), find),
    table,
  );
  const offs = [state.on(["graph"], drawTree), state.on(["graph", "select"], drawTable)];
  return () => {
    offs.forEach((off) => off());
    fill(element);
  };

  function drawTree() {
    const graph = state.get("graph");
    if (!graph?.start) return fill(tree);
    fill(
      tree,
      h(
        "div",
        { class: "trees" },
        sidesOf(graph).map((side) =>
          h("div", {}, h("ul", { class: "tree", "aria-label": whoIs(graph, side) }, outcome(graph, side)))
        ),
      ),
    );
  }

  function outcome(graph, side) {
    const { m, top: [top] } = sideOf(graph, side);
    return h(
      "li",
      {},
      h("b", {}, whoIs(graph, side)),
      " ",
      h("span", { class: `as-${hueOf(graph, m, top)}` }, outcomeOf(graph, m, top)),
      ` ${mText(m)}`,
      lines(gapMissing(graph) ? [] : leadsOf(graph, side), side, aimOf(graph)),
    );
  }

  // `on`: what they act on.
  function lines(leads, side, on) {
    return leads.length > 0 && h(
      "ul",
      {},
      leads.map(({ group, share, inhibits, into }) =>
        h(
          "li",
          {},
          h("button", { type: "button", class: "link", onclick: () => pick(group.id, side) }, groupName(group)),
          ` ${inhibits ? "⊣ inhibits" : "→ excites"} ${on}, ${sig3(share)}`,
          lines(into, side, groupName(group)),
        )
      ),
    );
  }

  function pick(id, side) {
    state.set("test", null);
    state.set("side", side);
    state.set("x", 0);
    state.set("select", id);
  }

  function drawTable() {
    const graph = state.get("graph");
    if (!graph?.start) return fill(table);
    const pair = sidesOf(graph).length > 1;
    const asked = find.value.trim().toLowerCase();
    const words = (node) =>
      `${nodeName(node)} ${tokenOf(graph, node)} ${node.role ? GROUP_ROLES[node.role].name : ""}`.toLowerCase();
    const rows = nodesAbove(graph, 0).filter((node) =>
      !asked || asked.split(/\s+/).every((part) => words(node).includes(part))
    );
    const select = state.get("select");
    const head = [
      "node",
      "token",
      "group",
      ...sidesOf(graph).map((side) => whoIs(graph, side)),
      "graph predicts",
      ...sidesOf(graph).map((side) => `model does, in ${whoIs(graph, side)}`),
    ];
    const held = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.node;
    fill(
      table,
      h(
        "div",
        { class: "table-wrap nodes-wrap", tabindex: "0", role: "region", "aria-label": "Table of nodes" },
        h(
          "table",
          {},
          h("caption", { class: "sr" }, `Nodes by effect on ${pair ? "the gap" : "m"}`),
          h(
            "thead",
            {},
            h("tr", {}, head.map((name, i) => h("th", { scope: "col", class: i < 3 ? "text" : null }, label(name)))),
          ),
          h("tbody", {}, rows.slice(0, most).map((node) => row(graph, node, select))),
        ),
      ),
      rows.length > most &&
        h(
          "button",
          { type: "button", class: "button", onclick: () => ((most += 200), drawTable()) },
          `Show more of ${rows.length}`,
        ),
      !rows.length && h("p", { class: "note" }, "No node is called so."),
    );
    if (held) /** @type {HTMLElement} */ (table.querySelector(`[data-node="${held}"]`))?.focus();
  }

  function row(graph, node, select) {
    const checked = graph.checked.get(node.number);
    const id = nodeId(node);
    return h(
      "tr",
      { class: id === select ? "now" : null },
      h(
        "th",
        { scope: "row" },
        h(
          "button",
          {
            type: "button",
            class: "link mono",
            "data-node": id,
            onclick: () => (state.set("x", 0), state.set("select", id)),
          },
          nodeName(node),
        ),
      ),
      h("td", { class: "text mono" }, tokenOf(graph, node)),
      h("td", { class: "text" }, node.role ? GROUP_ROLES[node.role].name : "–"),
      sidesOf(graph).map((side) => h("td", {}, isSilent(graph, node, side) ? "did not fire" : sig3(node[side] ?? 0))),
      h("td", {}, mText(node.effect)),
      sidesOf(graph).map((side) =>
        h("td", {}, checked?.[side] === null || checked?.[side] === undefined ? "not checked" : mText(checked[side]))
      ),
    );
  }
}

const label = (name) =>
  name === "node"
    ? door("node")
    : name === "graph predicts"
    ? door("graph_predicts", name)
    : name === "group"
    ? door("circuit_group", name)
    : name;

/** The token that a node stands at; of both prompts where they differ. */
export function tokenOf(graph, node) {
  const column = graph.start.columns[node.column];
  const texts = sidesOf(graph).map((side) =>
    column[side] === null ? null : visible(sideOf(graph, side).tokens[column[side]].text)
  ).filter((text) => text !== null);
  return [...new Set(texts)].join(" | ");
}
