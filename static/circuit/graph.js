// What a circuit amounts to so far: a pure fold of (request, frames), and questions about it (protocol/worker/
// circuit_frames.py). Knows nothing about the page, the network or the clock.

import { FEWEST_CONTROLS } from "../core/protocol.js";

/**
 * @typedef {{ number: number, layer: number, kind: string, index: number, column: number, a: number, b: number|null,
 *             effect: number, relp: number, role: string|null }} GraphNode
 * @typedef {{ from: number, to: number, weight: number, through: number }} GraphEdge
 * @typedef {"a"|"b"} Side
 * @typedef {{ request: any, phase: string, start: any, queued: number|null, nodes: GraphNode[], layers: any[],
 *             checked: Map<number, { a: number, b: number|null }>, fit: number|null, unexplained: number,
 *             edges: { a: GraphEdge[], b: GraphEdge[] }, groups: any[], namedBy: [number, number], groupsToCome: number, arrows: any[],
 *             defaults: any[], heads: any[], patterns: any[], headsBand: { a: any, b: any }, silent: Map<number, any>, done: any, refusal: any, frames: number }} Graph
 *
 * phase: asking → running → done | error | cancelled | cut, or refused before the first frame
 * nodes: by their numbers, with the role of their group once it is told; layers: the frames `nodes` without theirs; unexplained: the largest of all edges' frames
 */

/** @returns {Graph} */
export function newGraph(request) {
  return {
    request,
    phase: "asking",
    start: null,
    queued: null,
    nodes: [],
    layers: [],
    checked: new Map(),
    fit: null,
    unexplained: 0,
    edges: { a: [], b: [] },
    groups: [],
    namedBy: [0, 0],
    groupsToCome: 0,
    arrows: [],
    defaults: [],
    heads: [],
    patterns: [],
    headsBand: { a: null, b: null },
    silent: new Map(),
    done: null,
    refusal: null,
    frames: 0,
  };
}

/** @param {Graph} graph @returns {Graph} */
export function reduceGraph(graph, frame) {
  const next = { ...graph, frames: graph.frames + 1 };
  switch (frame.kind) {
    case "circuit":
      return { ...next, phase: "running", start: frame, queued: null };
    case "queued":
      return { ...next, queued: frame.place };
    case "nodes": {
      const { nodes, ...layer } = frame;
      const numbered = nodes.map((node, i) => ({ ...node, layer: frame.layer, number: graph.nodes.length + i }));
      return { ...next, nodes: [...graph.nodes, ...numbered], layers: [...graph.layers, layer] };
    }
    case "checked": {
      const checked = new Map(graph.checked);
      frame.nodes.forEach((number, i) => checked.set(number, { a: frame.in_a[i], b: frame.in_b[i] ?? null }));
      return { ...next, checked, fit: frame.fit };
    }
    case "edges": {
      const { senders, receivers, weights, through } = frame;
      const more = senders.map((from, i) => ({ from, to: receivers[i], weight: weights[i], through: through[i] }));
      const edges = { ...graph.edges, [frame.side]: [...graph.edges[frame.side], ...more] };
      return { ...next, edges, unexplained: Math.max(graph.unexplained, frame.unexplained) };
    }
    case "groups": {
      const roles = new Map(frame.groups.flatMap(({ role, members }) => members.map((number) => [number, role])));
      const nodes = graph.nodes.map((node) => ({ ...node, role: roles.get(node.number) ?? node.role }));
      return { ...next, nodes, groups: frame.groups, namedBy: frame.named_by, groupsToCome: frame.n_to_come ?? 0 };
    }
    case "arrows":
      return { ...next, arrows: frame.arrows };
    case "defaults":
      return { ...next, defaults: frame.results };
    case "heads":
      return {
        ...next,
        heads: frame.heads,
        patterns: frame.patterns ?? [],
        headsBand: { a: frame.control_a, b: frame.control_b },
      };
    case "silent":
      return { ...next, silent: new Map([...graph.silent, ...frame.nodes.map((one) => [one.number, one])]) };
    case "done":
      return { ...next, phase: "done", done: frame };
    case "error":
      return { ...next, phase: "error", refusal: frame.refusal };
    default:
      return next; // a kind of a later protocol
  }
}

/** What leads is known once every group was measured; of a stream that ended early, from those that were. */
export const groupsAreIn = ({ phase, groupsToCome }) => phase !== "running" || groupsToCome === 0;

/** The sides that there are. @returns {Side[]} */
export const sidesOf = ({ start }) => (start?.sides.length === 2 ? ["a", "b"] : ["a"]);

/** @param {Side} side @returns {Side} */
export const otherSide = (side) => (side === "a" ? "b" : "a");

export const sideOf = ({ start }, side) => start.sides[side === "a" ? 0 : 1];

/** What a side is called: its name, where the two have different ones. */
export function whoIs({ start }, side) {
  const [own, ...others] = [sideOf({ start }, side), ...start.sides].map(({ entity }) => entity?.text?.trim() ?? "");
  const same = others.filter((text) => text === own).length;
  return own && same === 1
    ? own
    : start.sides.length === 1
    ? "this prompt"
    : side === "a"
    ? "first prompt"
    : "second prompt";
}

/** What the drawing explains: m_a − m_b, or m without a second prompt. */
export function gapOf({ start }) {
  const [a, b] = start.sides;
  return b ? a.m - b.m : a.m;
}

/** Whether an m says that what pushes it up comes next. */
export const isUp = (m) => m > 0;

/** @param {Side} side */
export const valueOf = (node, side) => node[side] ?? 0;

/** Silent here, and not there. */
export const isSilent = (graph, node, side) =>
  sidesOf(graph).length === 2 && node.kind !== "error" && valueOf(node, side) === 0 &&
  valueOf(node, otherSide(side)) !== 0;

export const groupOf = (graph, id) => graph.groups.find((one) => one.id === id) ?? null;

/** The told member whose effect is largest, null where none is told. */
export const strongest = (graph, group) =>
  group.members.map((number) => graph.nodes[number]).filter(Boolean)
    .reduce((best, node) => (!best || Math.abs(node.effect) > Math.abs(best.effect) ? node : best), null);

/** Whether a control is many enough for anything to follow from it. As protocol/enough.py has it. */
export const isEnough = (control) => Boolean(control) && control.n >= FEWEST_CONTROLS;

/** Where a change goes farther than random directions of its size, the way that it goes; without enough of them nothing
 * is known. As protocol/enough.py has it. */
export const isBeyond = (change, control) =>
  isEnough(control) &&
  (change > Math.max(0, control.high) || change < Math.min(0, control.low));

/** Which way a group's members go from a to b: −1 or 1; 0 where some rise and some fall. */
export function leaning(graph, group) {
  const changes = group.members.map((number) => graph.nodes[number]).filter(Boolean).map((node) =>
    (node.b ?? 0) - node.a
  );
  const [sum, size] = changes.reduce(([s, n], x) => [s + x, n + Math.abs(x)], [0, 0]);
  return size && Math.abs(sum) > size / 2 ? Math.sign(sum) : 0;
}

/**
 * What an arrow says on one side. share: of the target's way to the other prompt; solid: outside its random band;
 * inhibits: the more of the source the less of the target, or of m. Where a group's members go both ways it only carries.
 */
export function arrowOn(graph, arrow, side) {
  const share = side === "a" ? arrow.in_a : arrow.in_b;
  const control = side === "a" ? arrow.control_a : arrow.control_b;
  const source = groupOf(graph, arrow.source);
  const target = arrow.target === null ? null : groupOf(graph, arrow.target);
  const from = source ? leaning(graph, source) : 0;
  const to = arrow.target === null ? -Math.sign(gapOf(graph)) : target ? leaning(graph, target) : 0;
  const inhibits = from * to * share < 0;
  return { source: arrow.source, target: arrow.target, share, control, solid: isBeyond(share, control), inhibits };
}

/** Effects that count are at least this share of the gap. @returns {GraphNode[]} strongest first */
export function nodesAbove(graph, share) {
  const least = share * Math.abs(gapOf(graph));
  return graph.nodes.filter(({ effect }) => Math.abs(effect) >= least).sort((x, y) =>
    Math.abs(y.effect) - Math.abs(x.effect)
  );
}

/** Edges of a node on one side, strongest first. */
export function edgesOf(graph, number, side) {
  const size = (x, y) => Math.abs(y.weight) - Math.abs(x.weight);
  const of = (end) => graph.edges[side].filter((edge) => edge[end] === number).sort(size);
  return { into: of("to"), out: of("from") };
}

/** "L2 #1" */
export const nodeName = ({ kind, layer, index }) => (kind === "error" ? `L${layer} error` : `L${layer} #${index}`);

/** The result of a default test, null where it was not made. */
export const testOf = (graph, test) => graph.defaults.find((one) => one.test === test) ?? null;

/** Whether no name was seen in any prompt. */
export const isNameless = (graph) => graph.start.sides.every(({ entity }) => entity.found === "whole_prompt");
