// What a circuit amounts to in words, from measured frames with their control in the same sentence. Pure; its sentences
// are protocol/claims.py's.

import { filled, percent, sig3 } from "../core/format.js";
import {
  CIRCUIT_AIMS,
  CIRCUIT_BACK,
  CIRCUIT_BACK_OFF,
  CIRCUIT_CONTROL,
  CIRCUIT_FIRES,
  CIRCUIT_NAMED_GROUPS,
  CIRCUIT_NO_GAP,
  CIRCUIT_NO_PUSH,
  CIRCUIT_NO_PUSH_BETWEEN,
  CIRCUIT_NOTHING,
  CIRCUIT_OFF,
  CIRCUIT_OUTCOMES,
  CIRCUIT_TEST,
  CIRCUIT_TITLES,
  CIRCUIT_TOWARD,
  CIRCUIT_TURNS,
  DEFAULT_TESTS,
  GROUP_ROLES,
  MAX_TITLE_CHARACTERS,
  NAMED_ROLES,
  TURN_VERDICTS,
  UNDECIDED_M,
  UNDECIDED_P,
} from "../core/protocol.js";
import {
  gapOf,
  isBeyond,
  isEnough,
  isNameless,
  isUp,
  otherSide,
  sideOf,
  sidesOf,
  strongest,
  testOf,
  valueOf,
  whoIs,
} from "./graph.js";

const NOTHING_MOVED = 1e-4; // logits: what rounding leaves of no push at all

/**
 * @typedef {"a"|"b"} Side
 * @typedef {{ before: number, after: number, band: { n: number, low: number, high: number }|null, top: any }} Pushed
 * m before and after a push; band: of m itself; top: the likeliest token after it
 * @typedef {{ group: any, side: Side, move: "toward"|"off", change: any }} Lead
 */

/** An m as it is written: with its sign and three digits; what is too small to print has no sign. */
export const mText = (m) => (m !== 0 && Math.abs(m) < 0.001 ? "≈ 0" : m > 0 ? `+${sig3(m)}` : sig3(m));

const isOpening = ({ start }) => start.request.target.kind === "opening";

const isLogOdds = (graph) => isOpening(graph) && graph.start.request.target.weighs === "all";
const isOfTwoTokens = ({ start: { target } }) => Boolean(target.up && target.against && !target.reads);

const tokens = ({ start: { target } }) => ({
  up: target.up?.text.trim() ?? "",
  against: target.against?.text.trim() ?? "",
});

// Of a refusal and an answer the likeliest token decides, where m speaks of two tokens alone and it is known.
function says(graph, m, top = null) {
  if (!isOpening(graph)) return isUp(m) ? "up" : "against";
  return (top && !isLogOdds(graph) ? top.opens_refusal : isUp(m)) ? "refuses" : "answers";
}

/**
 * Of two tokens: m near nought, or the likeliest token no likelier than a coin. Of a refusal and an answer: where it opens
 * a refusal and has no more than a coin, or leaves a refusal room for as much. Of log-odds: a refusal is no likelier than a coin.
 */
export function isUndecided(graph, m, top = null) {
  if (!isOfTwoTokens(graph)) return false;
  if (isLogOdds(graph)) return isCoin({ prob: probabilityOf(m) });
  if (Math.abs(m) < UNDECIDED_M) return true;
  if (!top || !isOpening(graph)) return isCoin(top);
  const [low, high] = UNDECIDED_P;
  if (top.opens_refusal) return top.prob <= high;
  return Math.min(top.prob * Math.exp(Math.min(m, 0)), 1 - top.prob) >= low;
}

const isCoin = (top) => Boolean(top && UNDECIDED_P[0] <= top.prob && top.prob <= UNDECIDED_P[1]);

/** ".48": of a likeliest token that is a coin toss, or opens a refusal with less; else of what pushes m up against its other. */
function chance(graph, m, top) {
  const weak = top?.opens_refusal && top.prob < UNDECIDED_P[0];
  const ofTop = !isLogOdds(graph) && (weak || isCoin(top));
  return (ofTop ? top.prob : probabilityOf(m)).toFixed(2).replace(/^0/, "");
}

const probabilityOf = (m) => 1 / (1 + Math.exp(-m));

/** What an m says of a prompt: "refuses", "says “Paris”". top: the likeliest token there. */
export function outcomeOf(graph, m, top = null) {
  if (!isOfTwoTokens(graph)) return filled(CIRCUIT_OUTCOMES.reads, { value: sig3(m) });
  const { up, against } = graph.start.target;
  if (top && !isOpening(graph) && ![up.id, against.id].includes(top.id)) {
    return filled(CIRCUIT_OUTCOMES.elsewhere, { top: top.text.trim() || "␣" });
  }
  if (isUndecided(graph, m, top)) return filled(CIRCUIT_OUTCOMES.undecided, { p: chance(graph, m, top) });
  return directionOf(graph, m, top);
}

/** What m goes up with: "refusing". Arrows into m excite or inhibit it, whatever is said. */
export const aimOf = (graph) =>
  filled(isOfTwoTokens(graph) ? CIRCUIT_AIMS[isOpening(graph) ? "opening" : "tokens"] : CIRCUIT_AIMS.reading, {
    ...tokens(graph),
    reads: graph.start.target.reads || "what is read",
  });

/** What lies that way, however near: for the ends of an axis. */
export const directionOf = (graph, m, top = null) =>
  isOfTwoTokens(graph)
    ? filled(CIRCUIT_OUTCOMES[says(graph, m, top)], tokens(graph))
    : filled(CIRCUIT_OUTCOMES.reads, { value: sig3(m) });

/** The hue that goes with it: violet refuses. */
export const hueOf = (graph, m, top = null) =>
  says(graph, m, top) === "refuses" && !isUndecided(graph, m, top) ? "refusal" : "ink";

export const groupName = (group) => GROUP_ROLES[group.role].name;

/** What a group's strongest member does, there and here. */
export function fires(graph, group, side) {
  const node = strongest(graph, group);
  if (!node) return CIRCUIT_FIRES.untold;
  const [here, there] = [valueOf(node, side), valueOf(node, otherSide(side))];
  const alone = sidesOf(graph).length === 1;
  const ofLatent = alone ? "alone" : here && there ? "both" : here ? "here" : "there";
  const key = node.kind !== "mlp" ? ofLatent : alone ? "stands_alone" : "stands";
  return filled(CIRCUIT_FIRES[key], {
    here: sig3(here),
    there: sig3(there),
    other: alone ? "" : whoIs(graph, otherSide(side)),
  });
}

// ---- what was measured

const changeOf = (group, side, move) => group[move === "off" ? `off_${side}` : `to_other_${side}`];

/** With enough controls, of groups that say what a name is to it; where no name was seen, of all. @returns {Lead[]} */
function measured(graph) {
  /** @type {("toward"|"off")[]} */
  const moves = sidesOf(graph).length > 1 ? ["toward", "off"] : ["off"];
  return graph.groups.filter(({ role }) => isNameless(graph) || NAMED_ROLES.includes(role)).flatMap((group) =>
    sidesOf(graph).flatMap((side) =>
      moves.map((move) => ({ group, side, move, change: changeOf(group, side, move) }))
        .filter(({ change }) => isEnough(change?.control))
    )
  );
}

/** Why two prompts leave nothing to explain, a key of CIRCUIT_NO_GAP: both open the same way, or (two tokens: both
 * undecided, and) m differs by less than half of the random bands are wide. null: there is a gap, or one prompt alone. */
export function gapMissing(graph) {
  if (sidesOf(graph).length < 2) return null;
  const [a, b] = graph.start.sides.map(({ m }) => m);
  const undecided = [a, b].filter((m) => isUndecided(graph, m)).length;
  if (isOfTwoTokens(graph) && isUp(a) === isUp(b) && !undecided) return says(graph, a);
  if (isOfTwoTokens(graph) && undecided < 2) return null;
  const widths = measured(graph).filter(({ move }) => move === "toward")
    .map(({ change: { control } }) => control.high - control.low).sort((x, y) => x - y);
  return widths.length && Math.abs(a - b) < widths[Math.floor(widths.length / 2)] ? "small" : null;
}

/** A group's share of the gap, null where there is none to share. */
export const shareOf = (graph, group) => (gapMissing(graph) ? null : group.share);

/** The effect that the page leads with: of those that go beyond their band, in the direction of what they explain, what
 * turns an answer, then what is set rather than taken away, and then what leaves its band farthest behind. `about`: the
 * side that was asked about; what explains it leads, where anything does.
 * @param {Side|null} about @returns {Lead|null} */
export function leading(graph, about = null) {
  if (gapMissing(graph)) return null;
  const turns = ({ side, change }) => cameTo(graph, pushed(graph, side, change)) === "turns";
  const beyond = ({ change: { measured: moved, control } }) => Math.max(moved - control.high, control.low - moved);
  return measured(graph).filter((lead) => explains(graph, lead)).sort((x, y) =>
    Number(y.side === about) - Number(x.side === about) || Number(turns(y)) - Number(turns(x)) ||
    Number(y.move === "toward") - Number(x.move === "toward") ||
    beyond(y) - beyond(x)
  )[0] ?? null;
}

// Beyond its band; of two prompts towards the other's m, of one back from what it says.
function explains(graph, { side, change }) {
  const { m } = sideOf(graph, side);
  const towards = sidesOf(graph).length > 1 ? sideOf(graph, otherSide(side)).m - m : -m;
  return isBeyond(change.measured, change.control) && change.measured * towards > 0;
}

/** @returns {Pushed} */
function pushed(graph, side, { measured: moved, control, top }) {
  const { m } = sideOf(graph, side);
  const band = control && { n: control.n, low: m + control.low, high: m + control.high };
  return { before: m, after: m + moved, band, top: top ?? null };
}

// band: of m itself
const goesBeyond = (before, after, { n, low, high }) =>
  isBeyond(after - before, { n, low: low - before, high: high - before });

/** turns: m went beyond its random band and changed its sign, and the token that then stands for it comes first now.
 * few: too few random pushes to say. inside: it went no farther than they do.
 * @returns {"nothing"|"few"|"inside"|"undecided"|"turns"|"elsewhere"|"stays"} */
export function cameTo(graph, /** @type {Pushed} */ { before, after, band, top }) {
  if (Math.abs(after - before) < NOTHING_MOVED) return "nothing";
  if (isUndecided(graph, after, top)) return "undecided";
  if (band && !isEnough(band)) return "few";
  if (band && !goesBeyond(before, after, band)) return "inside";
  if (!isOfTwoTokens(graph) || !band || isUp(before) === isUp(after)) return "stays";
  return comesFirst(graph, after, top) ? "turns" : "elsewhere";
}

// Whether the likeliest token is one that m speaks for; a recording without it is believed, and log-odds speak for all.
function comesFirst(graph, m, top) {
  if (!top || isLogOdds(graph)) return true;
  if (isOpening(graph)) return top.opens_refusal === isUp(m);
  const { up, against } = graph.start.target;
  return top.id === (isUp(m) ? up : against).id;
}

// ---- sentences

/** The sentence on top; "" before anything was measured. */
export function circuitClaim(graph, /** @type {Side|null} */ about = null) {
  if (!graph.start || !measured(graph).length) return "";
  const why = gapMissing(graph);
  const [own, other] = [sideOf(graph, "a"), graph.start.sides[1]];
  if (why) {
    const names = { who: whoIs(graph, "a"), other: whoIs(graph, "b") };
    return filled(CIRCUIT_NO_GAP[why], { ...names, m: mText(own.m), other_m: mText(other.m), ...tokens(graph) });
  }
  const lead = leading(graph, about);
  if (lead) return effectClaim(graph, lead);
  const of = { named: isNameless(graph) ? "" : CIRCUIT_NAMED_GROUPS };
  if (other) return filled(CIRCUIT_NO_PUSH_BETWEEN, of);
  const who = whoIs(graph, "a");
  return filled(CIRCUIT_NO_PUSH, {
    ...of,
    who: who.slice(0, 1).toUpperCase() + who.slice(1),
    does: outcomeOf(graph, own.m, own.top[0]),
    m: mText(own.m),
  });
}

function effectClaim(graph, lead) {
  const { group, side, move, change } = lead;
  return filled(move === "off" ? CIRCUIT_OFF : CIRCUIT_TOWARD, {
    ...named(graph, lead),
    fires: fires(graph, group, side),
    back: back(graph, lead),
    ...movedWords(graph, pushed(graph, side, change)),
  });
}

const named = (graph, { group, side }) => ({
  who: whoIs(graph, side),
  other: sidesOf(graph).length === 1 ? "" : whoIs(graph, otherSide(side)),
  group: groupName(group),
});

/** What it is called where nobody names it: no sentence of the claim, and whole words. */
export function circuitTitle(graph, /** @type {Side|null} */ about = null) {
  const lead = leading(graph, about);
  const both = sidesOf(graph).map((side) => whoIs(graph, side)).join(" beside ");
  if (!lead) return cutAtWord(`${both}: what leads to the answer`);
  const so = turned(graph, pushed(graph, lead.side, lead.change)).replace(/^: /, ", ");
  const words = filled(CIRCUIT_TITLES[lead.move], { ...named(graph, lead), so });
  return cutAtWord(so ? words : `${words}, m moves by ${mText(lead.change.measured)}`);
}

const cutAtWord = (text) =>
  text.length <= MAX_TITLE_CHARACTERS ? text : `${text.slice(0, MAX_TITLE_CHARACTERS - 1).replace(/\s+\S*$/, "")}…`;

// What the same move does on the other prompt, where it turns one of the two alone; and its absence there, where that
// turns and the move doesn't.
function back(graph, { group, side, move, change }) {
  const turns = (push) => cameTo(graph, push) === "turns";
  if (sidesOf(graph).length < 2 || move === "off") return "";
  const there = otherSide(side);
  const [toward, off] = [changeOf(group, there, "toward"), changeOf(group, there, "off")];
  const push = toward && pushed(graph, there, toward);
  if (!push || turns(push) === turns(pushed(graph, side, change))) return "";
  const told = filled(CIRCUIT_BACK, movedWords(graph, push, "back"));
  if (turns(push)) return told;
  const gone = off && pushed(graph, there, off);
  return gone && turns(gone) ? told + filled(CIRCUIT_BACK_OFF, movedWords(graph, gone)) : told;
}

/** What a default test did on one side; "" where it was not made, and of the model as it is. */
export function testClaim(graph, test, side) {
  const [result, at] = [testOf(graph, test), side === "a" ? 0 : 1];
  if (test === "untouched" || !result || result.m[at] === undefined) return "";
  const before = sideOf(graph, side).m;
  const push = { before, after: result.m[at], band: result.control[at] ?? null, top: result.top[at] ?? null };
  const slots = { who: whoIs(graph, side), test: DEFAULT_TESTS[test] };
  if (cameTo(graph, push) === "nothing") return filled(CIRCUIT_NOTHING.test, { ...slots, before: mText(before) });
  return filled(CIRCUIT_TEST, { ...slots, ...movedWords(graph, push, test === "name_hidden" ? "hidden" : "pushes") });
}

// Slots of a sentence: from what to what, what that amounts to, and the control.
/** @param {"pushes"|"back"|"hidden"} against */
const movedWords = (graph, push, against = "pushes") => ({
  before: mText(push.before),
  after: mText(push.after),
  so: turned(graph, push, against === "back"),
  control: controlWords(push.band, against),
});

/** @param {{ n: number, low: number, high: number }|null} band of m itself */
export function controlWords(band, against = "pushes") {
  if (!band) return CIRCUIT_CONTROL[against === "hidden" ? "hidden_none" : "none"];
  const slots = { n: band.n, low: mText(band.low), high: mText(band.high) };
  if (!isEnough(band)) return filled(CIRCUIT_CONTROL[against === "hidden" ? "hidden_few" : "few"], slots);
  return filled(CIRCUIT_CONTROL[against], slots);
}

// ": it refuses" where it turned, ", undecided: .48", else the share of the gap; or that it still refuses.
function turned(graph, push, still) {
  const { before, after, top } = push;
  const came = cameTo(graph, push);
  if (came === "turns") return filled(CIRCUIT_TURNS[says(graph, after)], tokens(graph));
  if (came === "undecided") return filled(CIRCUIT_TURNS.undecided, { p: chance(graph, after, top) });
  if (came === "elsewhere" && top) return filled(CIRCUIT_TURNS.elsewhere, { top: top.text.trim() || "␣" });
  if (still && isUp(before) === isUp(after)) {
    return filled(CIRCUIT_TURNS.still, { does: outcomeOf(graph, after, top) });
  }
  if (came !== "stays" || !push.band || sidesOf(graph).length < 2 || gapMissing(graph)) return CIRCUIT_TURNS.stays;
  const toward = graph.start.sides.find(({ m }) => m !== before)?.m - before;
  if ((after - before) * toward < 0) return CIRCUIT_TURNS.stays; // away from the other prompt: none of the gap
  return filled(CIRCUIT_TURNS.share, { share: percent((after - before) / gapOf(graph), true) });
}

/** What a place of the slider came to, beside its random pushes. */
export function turnVerdict(graph, side, { x, m, control, top }) {
  if (x === 0) return TURN_VERDICTS.own;
  const came = cameTo(graph, { before: sideOf(graph, side).m, after: m, band: control, top });
  if (came === "nothing") return TURN_VERDICTS.nothing;
  if (!control) return TURN_VERDICTS.alone;
  if (!isEnough(control)) return TURN_VERDICTS.few;
  return TURN_VERDICTS[goesBeyond(sideOf(graph, side).m, m, control) ? came : "inside"];
}
