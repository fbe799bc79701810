// Groups as a phone's list: a card each, with what it does on both prompts. Knows no drawing and no arrow.

import { percent } from "../../core/format.js";
import { h } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { GROUP_ROLES } from "../../core/protocol.js";
import { groupName, shareOf } from "../claim.js";
import { overlapWords } from "../firing.js";
import { sidesOf, whoIs } from "../graph.js";

/** Why the cards' shares make no sum; nothing where they do. */
export function overlapLine(graph) {
  const words = overlapWords(graph);
  return words && h("p", { class: "note" }, "Shares ", door("group_share", "of the gap"), `: ${words}.`);
}

/**
 * @param {() => any} gauge a bar
 * @param {(group: any, card: any) => void} choose
 * @returns {{ element: any, told: { group: any, side: string, value: any, gauge: any }[] }} told: what changes
 */
export function groupCards(graph, gauge, choose) {
  const order = Object.keys(GROUP_ROLES);
  const groups = [...graph.groups].sort((x, y) => order.indexOf(x.role) - order.indexOf(y.role));
  const pair = sidesOf(graph).length > 1;
  const told = [];
  const line = (group, side) => {
    const one = { group, side, value: h("span", { class: "note" }), gauge: pair ? gauge() : null };
    told.push(one);
    return h("span", { class: "card-side" }, h("span", {}, whoIs(graph, side)), one.value, one.gauge);
  };
  const element = h(
    "ul",
    { class: "group-cards", "aria-label": "Groups" },
    groups.map((group) =>
      h(
        "li",
        {},
        h(
          "button",
          {
            type: "button",
            class: "group-card",
            "data-group": group.id,
            "data-on": "card",
            onclick: ({ currentTarget }) => choose(group, currentTarget),
          },
          h(
            "span",
            { class: "group-name" },
            h("span", { class: `group-dot hue-${GROUP_ROLES[group.role].hue}` }),
            groupName(group),
            shareOf(graph, group) !== null && h("span", { class: "push note" }, `${percent(group.share)} of the gap`),
          ),
          sidesOf(graph).map((side) => line(group, side)),
        ),
      )
    ),
  );
  return { element, told };
}
