// What leads to the outcome on one side as a tree: each measured arrow once, under the line of its target that stands
// nearest to the outcome. Pure.

import { arrowOn, groupOf } from "../graph.js";

/** @typedef {{ group: any, share: number, inhibits: boolean, into: Lead[] }} Lead */

/** What acts on the outcome, strongest first, each with what acts on it. @returns {Lead[]} */
export function leadsOf(graph, side) {
  const on = (target) =>
    graph.arrows.filter((arrow) => arrow.target === target && groupOf(graph, arrow.source))
      .map((arrow) => arrowOn(graph, arrow, side)).filter(({ solid }) => solid)
      .sort((x, y) => Math.abs(y.share) - Math.abs(x.share))
      .map(({ source, share, inhibits }) => ({ group: groupOf(graph, source), share, inhibits, into: [] }));
  const found = on(null);
  const told = new Set();
  for (const queue = [...found]; queue.length;) {
    const lead = queue.shift();
    if (told.has(lead.group.id)) continue;
    told.add(lead.group.id);
    lead.into = on(lead.group.id);
    queue.push(...lead.into);
  }
  return found;
}
