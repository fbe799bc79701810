// Where the slider of a turn can stand, and what was measured there: from the recording's own frames, and from answers
// to a turn. Pure; knows no element.

import { groupOf, otherSide, sideOf, sidesOf, whoIs } from "./graph.js";

/**
 * @typedef {import("./graph.js").Graph} Graph
 * @typedef {{ x: number, m: number, predicted: number, control: { n: number, low: number, high: number }|null,
 *             top: any, refuses: number|null, gauges: Map<string, number>|null }} Point
 * x: −1 off, 0 as it is, 1 the other's value (of one prompt alone: twice its own), 2 twice as far
 */

const OFF = [0, 0.25, 0.5, 0.75];
const ON = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2];

/** What was chosen, as its key says: a group, one node, or those that are pinned. */
export function chosenOf(graph, select, pins = []) {
  if (!select) return null;
  if (select === "pins") {
    const nodes = pins.map((id) => nodeAt(graph, id)).filter(Boolean);
    return nodes.length ? { kind: "pins", nodes } : null;
  }
  const group = groupOf(graph, select);
  if (group) return { kind: "group", group, nodes: group.members.map((number) => graph.nodes[number]).filter(Boolean) };
  const node = nodeAt(graph, select);
  return node && { kind: "node", node, nodes: [node] };
}

/** The same node in another recording of the same question. */
export const nodeId = ({ kind, layer, index, column }) => `${kind}:${layer}:${index}:${column}`;

/** Without a column the strongest of its places: whoever asks from elsewhere doesn't know where it stands. */
export function nodeAt(graph, id) {
  const exact = graph.nodes.find((node) => nodeId(node) === id);
  if (exact) return exact;
  const places = graph.nodes.filter((node) => nodeId(node).startsWith(`${id}:`) && id.split(":").length === 3);
  return places.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect))[0] ?? null;
}

/** Both halves of the slider as TurnRequests, with where each strength stands on it. */
export function turnRequests(graph, chosen, side) {
  const what = chosen.kind === "group" ? { group: chosen.group.id } : { nodes: chosen.nodes.map(nodeRef) };
  const asked = { kind: "turn", circuit: graph.start.request, ...what, side };
  if (sidesOf(graph).length < 2) {
    const strengths = [...OFF, 1.25, 1.5, 1.75, 2];
    return [{ request: { ...asked, mode: "scale", strengths }, at: strengths.map((s) => s - 1) }];
  }
  return [
    { request: { ...asked, mode: "scale", strengths: OFF }, at: OFF.map((s) => s - 1) },
    { request: { ...asked, mode: "toward", strengths: ON }, at: ON },
  ];
}

const nodeRef = ({ kind, layer, index, column }) => ({ kind, layer, index, column });

/** Answers to those as points. @param {{ at: number[], turned: any }[]} answers @returns {Point[]} */
export const turnedPoints = (answers) =>
  answers.flatMap(({ at, turned }) =>
    at.map((x, i) => ({
      x,
      m: turned.m[i],
      predicted: turned.predicted[i],
      control: turned.control[i],
      top: turned.top[i],
      refuses: turned.refuses[i],
      gauges: new Map(turned.gauges.map(({ group, moved }) => [group, moved[i]])),
    }))
  );

/** All points of the slider, in order. @param {Graph} graph @param {Point[]} more @returns {Point[]} */
export function pointsOf(graph, chosen, side, more = []) {
  const found = new Map();
  const put = (point) => point && found.set(point.x, merged(found.get(point.x), point));
  if (chosen?.kind === "group") {
    const { group } = chosen;
    put(measuredPoint(graph, side, -1, group[`off_${side}`]));
    put(measuredPoint(graph, side, 1, group[`to_other_${side}`], gaugesBy(graph, group, side)));
  }
  if (chosen?.kind === "node") put(checkedPoint(graph, chosen.node, side));
  more.forEach(put);
  const { m, top } = sideOf(graph, side);
  put({ x: 0, m, predicted: m, control: null, top: top[0], refuses: null, gauges: new Map() });
  return [...found.values()].sort((p, q) => p.x - q.x);
}

// The same push twice: its random pushes are those that the recording has, whatever a turn could afford.
const merged = (had, point) => had?.control && point.x !== 0 ? { ...point, control: had.control } : point;

function measuredPoint(graph, side, x, change, gauges = null) {
  if (!change) return null;
  const { m } = sideOf(graph, side);
  const { control } = change;
  return {
    x,
    m: m + change.measured,
    predicted: m + change.predicted,
    control: control && { n: control.n, low: m + control.low, high: m + control.high },
    top: change.top,
    refuses: null,
    gauges,
  };
}

// One node swapped, or ablated where there is no other prompt; without random directions beside it.
function checkedPoint(graph, node, side) {
  const change = graph.checked.get(node.number)?.[side];
  if (change === undefined || change === null) return null;
  const { m } = sideOf(graph, side);
  const alone = sidesOf(graph).length < 2;
  const predicted = alone || side === "a" ? -node.effect : node.effect;
  return {
    x: alone ? -1 : 1,
    m: m + change,
    predicted: m + predicted,
    control: null,
    top: null,
    refuses: null,
    gauges: null,
  };
}

// Where arrows were measured, they say how far each group moves when this one is set to the other's values.
function gaugesBy(graph, group, side) {
  const moved = graph.arrows.filter(({ source, target }) => source === group.id && target !== null)
    .map((arrow) => /** @type {[string, number]} */ ([arrow.target, side === "a" ? arrow.in_a : arrow.in_b]));
  return new Map([[group.id, 1], ...moved]);
}

/** How far the slider goes, measured there or not. @returns {[number, number]} */
export const railOf = (graph) => [-1, sidesOf(graph).length < 2 ? 1 : 2];

/** The measured point that is nearest. @param {Point[]} points @returns {Point|null} */
export const nearestPoint = (points, x) =>
  points.reduce((best, p) => (!best || Math.abs(p.x - x) < Math.abs(best.x - x) ? p : best), null);

/** Where a key leads from x among measured points. @param {Point[]} points @returns {Point|null} null: no such key */
export function pointBy(points, x, key) {
  const lower = points.filter((p) => p.x < x);
  const higher = points.filter((p) => p.x > x);
  if (["ArrowLeft", "ArrowDown", "PageDown"].includes(key)) return lower.at(-1) ?? points[0];
  if (["ArrowRight", "ArrowUp", "PageUp"].includes(key)) return higher[0] ?? points.at(-1);
  return key === "Home" ? points[0] : key === "End" ? points.at(-1) : null;
}

/** A side in a word or two, whose value a slider goes to: "Batkin’s"; "the other’s" where one word tells nothing. */
export function whoseOf(graph, side) {
  const last = (one) => whoIs(graph, one).split(/\s+/).at(-1).replace(/[^\p{L}\p{N}]+$/u, "");
  const { found } = sideOf(graph, side).entity;
  const plain = found === "whole_prompt" || ["first prompt", "second prompt"].includes(whoIs(graph, side));
  return plain || !last(side) || last(side) === last(otherSide(side)) ? "the other’s" : `${last(side)}’s`;
}

/** What a place on the slider is called. */
export function placeName(graph, x, who) {
  if (x === -1) return "off";
  if (x === 0) return "as it is";
  const alone = sidesOf(graph).length < 2;
  if (alone) return `${x + 1} ×`;
  if (x === 1) return `as on ${who}`;
  if (x < 0) return `${Math.round(100 * (x + 1))} % of its own`;
  return x < 1 ? `${Math.round(100 * x)} % of the way to ${who}` : `${x} × as far`;
}

export const partner = (graph, side) => sidesOf(graph).length < 2 ? null : otherSide(side);
