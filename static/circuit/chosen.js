// What is chosen, with its evidence: a group, one node, or those that are pinned. From the frames `groups`, `nodes`,
// `checked`, `edges`, `silent`.

import { fill, h, unfold } from "../core/dom.js";
import { door } from "../core/term.js";
import { count, percent, sig3 } from "../core/format.js";
import { GROUP_ROLES } from "../core/protocol.js";
import { aimOf, fires, gapMissing, groupName, mText, shareOf } from "./claim.js";
import { tokenOf } from "./columns/table.js";
import { evidence, silence, values } from "./evidence.js";
import { firingNode } from "./firing.js";
import { inExplore, sliderOf } from "./in_explore.js";
import { arrowOn, edgesOf, nodeName, sidesOf, strongest, valueOf, whoIs } from "./graph.js";
import { chosenOf, nodeId } from "./points.js";

const SHOWN = 6; // edges of a node each way, members of a group

/** `more`: where the evidence stands, behind what turning shows. */
export function chosenView(element, state, more) {
  const off = state.on(["graph", "select", "side", "pins", "card"], draw);
  return () => {
    off();
    fill(element);
    fill(more);
  };

  function draw() {
    const graph = state.get("graph");
    const pins = state.get("pins");
    const what = graph?.start ? chosenOf(graph, state.get("select"), pins) : null;
    const held = /** @type {HTMLElement} */ (document.activeElement)?.id;
    fill(more);
    if (!what) {
      fill(element, h("p", { class: "note" }, "Press a group: its evidence stands here, and what turning it does."));
    } else if (what.kind === "group") group(graph, what.group);
    else if (what.kind === "node") node(graph, what.node);
    else pinned(graph, what.nodes);
    if (held && element.querySelector(`#${CSS.escape(held)}`)) document.getElementById(held).focus();
  }

  function tray() {
    const pins = state.get("pins");
    return pins.length > 0 && h(
      "button",
      {
        type: "button",
        class: "chip",
        "aria-pressed": String(state.get("select") === "pins"),
        onclick: () => choose("pins"),
      },
      `${count(pins.length, "pin")} together`,
    );
  }

  function choose(id) {
    state.set("x", 0);
    state.set("select", id);
  }

  // ---- a group

  function group(graph, one) {
    const side = state.get("side");
    const best = strongest(graph, one);
    const members = one.members.map((number) => graph.nodes[number]).filter(Boolean)
      .sort((x, y) => Math.abs(y.effect) - Math.abs(x.effect));
    const [low, high] = one.layers;
    const layers = low === high ? `L${low}` : `L${low}–L${high}`;
    fill(
      element,
      h(
        "div",
        { class: "row wrap chosen-head" },
        h("span", { class: `group-dot hue-${GROUP_ROLES[one.role].hue}` }),
        h("h2", {}, groupName(one)),
        h("span", { class: "note" }, `${count(one.n_members, "node")} · ${GROUP_ROLES[one.role].where} · ${layers}`),
        h("span", { class: "push row tight" }, tray()),
      ),
      h(
        "p",
        {},
        untouched(),
        `${whoIs(graph, side)}: ${one.n_members > 1 ? "its strongest" : "it"} ${fires(graph, one, side)}.`,
        others(graph, one, side),
        shareOf(graph, one) !== null &&
          [
            sidesOf(graph).length > 1
              ? " Set as on the other prompt, on the mean of both ways, it carries "
              : " It carries ",
            h("b", {}, door("group_share", percent(one.share))),
            " of the ",
            door("gap"),
            ".",
          ],
        sliders(graph, members, side),
      ),
    );
    fill(
      more,
      best && silence(graph, best),
      evidence(graph, one),
      relations(graph, one, side),
      unfold(
        "members",
        `Its nodes${one.n_members > members.length ? `, ${members.length} of ${one.n_members}` : ""}`,
        one.n_members > members.length && h("p", { class: "note" }, "The strongest are ", door("node_budget"), "."),
        h(
          "ul",
          { class: "member-list" },
          members.slice(0, 24).map((node) =>
            h(
              "li",
              {},
              h(
                "button",
                { type: "button", class: "link mono", onclick: () => choose(nodeId(node)) },
                `${nodeName(node)} ${tokenOf(graph, node)}`,
              ),
              " ",
              values(graph, node),
            )
          ),
        ),
      ),
    );
  }

  function sliders(graph, members, side) {
    const named = members.map((node) => ({ node, slider: sliderOf(graph, state.get("card"), node) }));
    return named.filter(({ slider }) => slider).slice(0, 2).map(({ node, slider }) => [
      ` ${nodeName(node)} is `,
      h("a", { class: "link", href: inExplore(graph, side, node) }, `“${slider}” in Explore`),
      ".",
    ]);
  }

  // What leads may be silent while others of its group fire.
  function others(graph, one, side) {
    const node = firingNode(graph, one, side);
    if (!node || node === strongest(graph, one)) return null;
    return [
      " Of its others ",
      h("button", { type: "button", class: "link mono", onclick: () => choose(nodeId(node)) }, nodeName(node)),
      ` fires ${sig3(valueOf(node, side))} there.`,
    ];
  }

  function relations(graph, one, side) {
    const told = gapMissing(graph) ? [] : graph.arrows;
    const arrows = told.map((arrow) => arrowOn(graph, arrow, side)).filter(({ solid }) => solid);
    const name = (id) => id === null ? aimOf(graph) : groupName(graph.groups.find((other) => other.id === id));
    const line = (arrow, other, words) =>
      h(
        "li",
        {},
        h(
          "span",
          {},
          words,
          " ",
          other === null
            ? name(null)
            : h("button", { type: "button", class: "link", onclick: () => choose(other) }, name(other)),
        ),
        h("span", { class: "push" }, sig3(arrow.share)),
      );
    const into = arrows.filter(({ target }) => target === one.id);
    const out = arrows.filter(({ source }) => source === one.id);
    if (!into.length && !out.length) return null;
    return h(
      "div",
      { class: "relations" },
      h("ul", {}, into.map((arrow) => line(arrow, arrow.source, arrow.inhibits ? "⊣ held by" : "→ driven by"))),
      h("ul", {}, out.map((arrow) => line(arrow, arrow.target, arrow.inhibits ? "⊣ inhibits" : "→ excites"))),
    );
  }

  // ---- a node

  function node(graph, one) {
    const side = state.get("side");
    const pins = state.get("pins");
    const id = nodeId(one);
    const isPinned = pins.includes(id);
    const checked = graph.checked.get(one.number);
    const { into, out } = edgesOf(graph, one.number, side);
    const group = one.role && graph.groups.find(({ members }) => members.includes(one.number));
    fill(
      element,
      h(
        "div",
        { class: "row wrap chosen-head" },
        h("h2", { class: "mono" }, nodeName(one)),
        h("span", { class: "note" }, "at ", h("span", { class: "mono" }, tokenOf(graph, one))),
        group && h("button", { type: "button", class: "link", onclick: () => choose(group.id) }, groupName(group)),
        h(
          "span",
          { class: "push row tight" },
          h("button", {
            id: "pin",
            type: "button",
            class: "chip",
            "aria-pressed": String(isPinned),
            onclick: () =>
              state.set(
                "pins",
                isPinned ? pins.filter((other) => other !== id) : [...pins, id],
              ),
          }, isPinned ? "Pinned" : "Pin"),
          tray(),
        ),
      ),
      h(
        "p",
        {},
        untouched(),
        values(graph, one),
        ". ",
        door("graph_predicts"),
        ` ${mText(one.effect)} of the gap`,
        checked
          ? [
            `; swapped, the model does ${
              sidesOf(graph).map((s) => checked[s] === null ? null : `${mText(checked[s])} in ${whoIs(graph, s)}`)
                .filter(Boolean).join(", ")
            }.`,
          ]
          : "; not checked in the model.",
      ),
    );
    fill(
      more,
      silence(graph, one),
      links(one),
      h(
        "div",
        { class: "relations" },
        edgeList(graph, "from", into.slice(0, SHOWN), "from"),
        edgeList(graph, "to", out.slice(0, SHOWN), "to"),
      ),
    );
  }

  function edgeList(graph, name, edges, end) {
    return h(
      "ul",
      { "aria-label": name === "from" ? "What acts on it" : "What it acts on" },
      edges.map((edge) => {
        const other = graph.nodes[edge[end]];
        return h(
          "li",
          { class: edge.weight < 0 ? "inhibits" : null },
          h(
            "span",
            {},
            `${name} `,
            h("button", { type: "button", class: "link mono", onclick: () => choose(nodeId(other)) }, nodeName(other)),
            ` ${tokenOf(graph, other)}`,
          ),
          h("span", { class: "push" }, `${edge.weight < 0 ? "⊣ " : ""}${mText(edge.weight)}`),
        );
      }),
    );
  }

  // Its card and a slider for it are Explore's.
  function links(one) {
    const href = inExplore(state.get("graph"), state.get("side"), one, state.get("card"));
    const slider = sliderOf(state.get("graph"), state.get("card"), one);
    const words = one.kind === "mlp"
      ? "A slider that scales it, in Explore"
      : `Its card, and ${slider ? `its slider “${slider}”` : "a slider for it"}, in Explore`;
    return href && h("p", { class: "row wrap" }, h("a", { class: "link", href }, words));
  }

  // ---- what is pinned

  function pinned(graph, nodes) {
    fill(
      element,
      h(
        "div",
        { class: "row wrap chosen-head" },
        h("h2", {}, count(nodes.length, "pinned node")),
        h("button", {
          type: "button",
          class: "button button-plain push",
          onclick: () => (state.set("pins", []), state.set("select", null)),
        }, "Unpin all"),
      ),
      h(
        "ul",
        { class: "member-list" },
        nodes.map((one) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", class: "link mono", onclick: () => choose(nodeId(one)) },
              `${nodeName(one)} ${tokenOf(graph, one)}`,
            ),
            " ",
            values(graph, one),
          )
        ),
      ),
    );
  }
}

/** Shown while something is turned or tested: what stands behind it is as it was asked. */
const untouched = () => h("span", { class: "untouched note" }, "untouched: ");
