// What a circuit amounts to in words, from measured frames with their control in the same sentence. Pure; its sentences
// are protocol/claims.py's.

import { filled, probability, sig3, signed } from "../core/format.js";
import {
  CIRCUIT_CONTROL,
  CIRCUIT_FIRES,
  CIRCUIT_NO_CONTROL,
  CIRCUIT_OFF,
  CIRCUIT_OUTCOMES,
  CIRCUIT_TEST,
  CIRCUIT_TOWARD,
  CIRCUIT_TURNS,
  DEFAULT_TESTS,
  GROUP_ROLES,
} from "../core/protocol.js";
import { gapOf, isUp, otherSide, sideOf, sidesOf, strongest, testOf, valueOf, whoIs } from "./graph.js";

const NARROW = ["not_recognised", "recognised", "cant_answer", "say_answer"]; // roles that say what a name is to it

/** An m as it is written: with its sign and three digits. */
export const mText = (m) => (m > 0 ? `+${sig3(m)}` : sig3(m));

/** What an m says of a prompt: "refuses", "says “Paris”". */
export function outcomeOf({ start }, m) {
  const { up, against, reads } = start.target;
  if (reads || !up) return filled(CIRCUIT_OUTCOMES.reads, { value: sig3(m) });
  const key = start.request.target.kind === "opening" ? (isUp(m) ? "refuses" : "answers") : isUp(m) ? "up" : "against";
  return filled(CIRCUIT_OUTCOMES[key], { up: up.text.trim(), against: against.text.trim() });
}

/** The hue that goes with it: violet refuses. */
export const hueOf = ({ start }, m) => start.request.target.kind === "opening" && isUp(m) ? "refusal" : "ink";

export const groupName = (group) => GROUP_ROLES[group.role].name;

/** What a group's strongest member does, there and here. */
export function fires(graph, group, side) {
  const node = strongest(graph, group);
  if (!node) return CIRCUIT_FIRES.untold;
  const [here, there] = [valueOf(node, side), valueOf(node, otherSide(side))];
  const alone = sidesOf(graph).length === 1;
  const key = alone ? "alone" : here && there ? "both" : here ? "here" : "there";
  return filled(CIRCUIT_FIRES[key], {
    here: sig3(here),
    there: sig3(there),
    other: alone ? "" : whoIs(graph, otherSide(side)),
  });
}

/** The effect that the page leads with: of those with a control, what turns an answer, and then what leaves its band
 * farthest behind. @returns {{ group: any, side: "a"|"b", change: any }|null} */
export function leading(graph) {
  const found = graph.groups.filter(({ role }) => NARROW.includes(role)).flatMap((group) =>
    sidesOf(graph).map((side) => ({
      group,
      side,
      change: sidesOf(graph).length === 2 ? group[`to_other_${side}`] : group.off_a,
    }))
  ).filter(({ change }) => change?.control);
  const turns = ({ side, change }) => isUp(sideOf(graph, side).m) !== isUp(sideOf(graph, side).m + change.measured);
  const beyond = ({ change: { measured, control } }) => Math.max(measured - control.high, control.low - measured);
  return found.sort((x, y) => Number(turns(y)) - Number(turns(x)) || beyond(y) - beyond(x))[0] ?? null;
}

/** The sentence on top; "" before anything was measured. */
export function circuitClaim(graph) {
  const lead = graph.start && leading(graph);
  if (!lead) return "";
  const { group, side, change } = lead;
  const before = sideOf(graph, side).m;
  const band = { n: change.control.n, low: before + change.control.low, high: before + change.control.high };
  const alone = sidesOf(graph).length === 1;
  return filled(alone ? CIRCUIT_OFF : CIRCUIT_TOWARD, {
    who: whoIs(graph, side),
    other: alone ? "" : whoIs(graph, otherSide(side)),
    group: groupName(group),
    fires: fires(graph, group, side),
    before: mText(before),
    after: mText(before + change.measured),
    so: turned(graph, before, before + change.measured),
    control: controlWords(band),
  });
}

/** What a default test did on one side; "" where it was not made. */
export function testClaim(graph, test, side) {
  const [result, at] = [testOf(graph, test), side === "a" ? 0 : 1];
  if (!result || result.m[at] === undefined) return "";
  const before = sideOf(graph, side).m;
  return filled(CIRCUIT_TEST, {
    who: whoIs(graph, side),
    test: DEFAULT_TESTS[test],
    before: mText(before),
    after: mText(result.m[at]),
    so: turned(graph, before, result.m[at]),
    control: controlWords(result.control[at]),
  });
}

/** @param {{ n: number, low: number, high: number }|null} band of m itself */
export const controlWords = (band) =>
  band ? filled(CIRCUIT_CONTROL, { n: band.n, low: mText(band.low), high: mText(band.high) }) : CIRCUIT_NO_CONTROL;

// ": it refuses" where another token comes first now, else the share of the gap
function turned(graph, before, after) {
  const { up, against } = graph.start.target;
  if (up && isUp(before) !== isUp(after)) {
    const opening = graph.start.request.target.kind === "opening";
    const key = opening ? (isUp(after) ? "refuses" : "answers") : isUp(after) ? "up" : "against";
    return filled(CIRCUIT_TURNS[key], { up: up.text.trim(), against: against.text.trim() });
  }
  if (sidesOf(graph).length < 2 || !gapOf(graph)) return CIRCUIT_TURNS.stays;
  return filled(CIRCUIT_TURNS.share, { share: percent((after - before) / gapOf(graph), true) });
}

/** A share in whole percent, "< 1 %" for what is too small to print. */
export function percent(share, absolute = false) {
  const x = 100 * (absolute ? Math.abs(share) : share);
  if (x !== 0 && Math.abs(x) < 1) return "< 1 %";
  return `${signed(Math.round(x)).replace("+", "")} %`;
}

/** "I .93" of a next token. */
export const nextText = (token) => `${token.text.trim() || "␣"} ${probability(token.prob)}`;
