// What a box says of its group on one prompt: as it was asked, and while something is turned or tested. Pure; tells of a
// group that is turned what it is set to, of the others how far they moved, and of what nobody measured what it was.

import { percent, sig3 } from "../core/format.js";
import { shareOf } from "./claim.js";
import { otherSide, sidesOf, strongest, valueOf } from "./graph.js";

const MOVED = 0.05; // of a group's way: less leaves a silent one silent

/** What of a group's told nodes fires on one side: the one that leads, or where it is silent the strongest other; null
 * where none does. */
export function firingNode(graph, group, side) {
  const lead = strongest(graph, group);
  if (!lead || valueOf(lead, side) !== 0 || lead.kind === "mlp") return lead;
  return group.members.map((number) => graph.nodes[number])
    .filter((node) => node && node.kind !== "error" && valueOf(node, side) !== 0)
    .reduce(
      (most, node) => (!most || Math.abs(valueOf(node, side)) > Math.abs(valueOf(most, side)) ? node : most),
      null,
    );
}

/** A group is silent where none of its told nodes fires. */
export const isQuiet = (graph, group, side) => Boolean(strongest(graph, group)) && !firingNode(graph, group, side);

/** As it was asked: "fires 18.9", "others fire 9.75" where what leads is silent, "silent"; "" of no told node. */
export function firingText(graph, group, side) {
  const [lead, node] = [strongest(graph, group), firingNode(graph, group, side)];
  if (!lead) return "";
  if (!node) return "silent";
  const value = sig3(valueOf(node, side));
  if (node !== lead) return `others fire ${value}`;
  return node.kind === "mlp" ? `is at ${value}` : `fires ${value}`; // a neuron can be below nought
}

const NARROW_BOX = 150; // px: below, words are short
const NARROWEST_BOX = 110; // below, the number comes first: what is cut is a word, never a digit

/** As much of that as a box has room for. @param {number} width of the box, px */
export function inRoom(text, width) {
  if (!(width < NARROW_BOX)) return text;
  const brief = text.replace("others fire", "others");
  return width < NARROWEST_BOX ? brief.replace(/^(others|fires|is at) (\S+)$/, "$2 $1") : brief;
}

/**
 * The same now. point: of points.js, where this side is turned, else null; select: what is turned; test: one that is on.
 * @returns {{ text: string, moved: string, silent: boolean }} moved: "moved 63 %", "" where nothing is known of it
 */
export function firingNow(graph, group, side, { point, select, test }) {
  const text = firingText(graph, group, side);
  const silent = isQuiet(graph, group, side);
  if (!text || (!test && (!point || point.x === 0))) return { text, moved: "", silent };
  if (!test && select === group.id) {
    const value = valueAt(graph, strongest(graph, group), side, point.x);
    return value === 0
      ? { text: "silenced", moved: "", silent: true }
      : { text: `set to ${sig3(value)}`, moved: "", silent: false };
  }
  const share = test ? undefined : point.gauges?.get(group.id);
  if (share === undefined) return { text: was(text), moved: "", silent };
  return { text: was(text), moved: `moved ${percent(share)}`, silent: silent && Math.abs(share) < MOVED };
}

const SUM_ALIKE = 1.05; // shares that add up to no more need no word

/** Why groups' shares of the gap make no sum; "" where they do, or there are none. */
export function overlapWords(graph) {
  const sum = graph.groups.reduce((all, group) => all + Math.abs(shareOf(graph, group) ?? 0), 0);
  return sum > SUM_ALIKE ? `they add up to ${percent(sum)}, since what passes one group passes the next` : "";
}

/** "was 9.75", "was silent" */
const was = (text) => `was ${text.replace(/^(fires|is at|others fire) /, "")}`;

/** A node's value where the slider stands, as a turn sets it. */
function valueAt(graph, node, side, x) {
  const own = valueOf(node, side);
  if (x < 0 || sidesOf(graph).length < 2) return own * (1 + x);
  return own + x * (valueOf(node, otherSide(side)) - own);
}
