// Outcomes in words, and the sentence above the answers. Pure; knows nothing about the page.
// Refusals, wrong and invented answers are never counted together.

import { filled, sig3 } from "../core/format.js";
import {
  BAND,
  CONTROLS_FOLLOW,
  CROSSING,
  HELD_ALONE,
  MAX_TITLE_CHARACTERS,
  NO_TOKEN_PUSHED,
  NOR_CROSSING,
  NOTHING_PUSHED,
  OPENINGS,
  OUTCOMES,
  OUTSIDE,
  OUTSIDE_WORLD,
  READ_BACK,
  THEY_TURN,
  TURN_WITHIN,
} from "../core/protocol.js";
import { effectOf } from "./effect.js";
import { directions, movedTo, titled } from "./names.js";
import { armAt, control, idleArm, isOpen } from "./run.js";
import { pushWords } from "./steering/amount.js";

/** An outcome's words; of a name outside the model's world they say that. */
const termOf = ({ outcome, rule }) => (rule === OUTSIDE_WORLD ? OUTSIDE : OUTCOMES[outcome]);

/** The phrase, the fact or the rule that decided. */
export const why = (verdict) => {
  const { phrase, rule } = verdict;
  return phrase === null && rule !== OUTSIDE_WORLD ? rule : filled(termOf(verdict).why, { phrase, rule });
};

/**
 * The claim, as parts: what is pushed, what that changes, then what random pushes of that size do.
 * @returns {{ text: string, as?: string }[]} none while a verdict that it needs is missing
 */
export function claim(run, steer, card) {
  const base = run.arms[0]?.verdict;
  if (!base) return [];
  if (steer.sweep === null && idleArm(run) === 0) return [{ text: "Untouched, " }, ...phrase("it ", base, ".")];
  const verdict = run.arms[armAt(run, steer)]?.verdict;
  if (!verdict) return [];
  return [
    ...pushed(run, steer, card),
    ...change(base, verdict),
    { text: " " },
    { text: controlTold(run, steer, card), as: "aside" },
  ];
}

/** Behind a push: that it came to none, or what its control did; "" while a verdict that it needs is missing. */
export function controlTold(run, steer, card) {
  const [base, verdict] = [0, armAt(run, steer)].map((arm) => run.arms[arm]?.verdict);
  if (!base || !verdict) return "";
  return nothingPushed(run, steer, card) || controlSentence(run, steer, base, verdict);
}

/**
 * A title for what is chosen: "Michael Batkin: at +1.25 known entity, it stops refusing and invents a fact". `other`: the
 * run of a second prompt beside it, or null; both are named, or put in quotes where their names are the same.
 */
export function headline(run, steer, card, other = null) {
  const name = other ? bothNamed(run.start, other.start) : run.start.entity.text;
  const [base, verdict] = [0, armAt(run, steer)].map((arm) => run.arms[arm]?.verdict);
  const all = [
    ...swept(run, steer, card).map((one) => (one.placed ? `${one.words}${one.value} ${one.name}` : briefly(one))),
    ...held(run, card).map(briefly),
  ];
  if (!base || !verdict || !all.length) return `${name}: what the model says untouched`;
  const turned = change(base, verdict).map(({ text }) => text);
  return `${name}: ${all.join(" with ")}, ${turned.join("")}`.slice(0, MAX_TITLE_CHARACTERS).replace(/\.$/, "");
}

function bothNamed(one, other) {
  const [name, second] = [one, other].map((start) => start.entity.text);
  if (name !== second) return `${name} beside ${second}`;
  const [asked, alsoAsked] = [one, other].map((start) => start.request.prompt);
  return `“${asked}” beside “${alsoAsked}”`;
}

/** Where the push came to none, that; else "". */
export function nothingPushed(run, steer, card) {
  if (!effectOf(run, steer)?.nothing) return "";
  const { before } = run.prompt.arms[armAt(run, steer)].steered.at(-1);
  if (!before.length) return NO_TOKEN_PUSHED;
  return filled(NOTHING_PUSHED, { what: directions(run, card)[steer.sweep].short, value: range(before) });
}

/** "33.4", "33.4 to 41" */
function range(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(sig3);
  return low === high ? low : `${low} to ${high}`;
}

/** How many random directions cross to the other opening, counted at the first answer token; verdict: of the push. */
export function controlSentence(run, steer, base, verdict) {
  if (steer.sweep === null) return HELD_ALONE;
  const seen = control(run, steer);
  if (!seen) return without(run);
  const crossing = base.outcome === "refused" ? seen.n - seen.n_refusing : seen.n_refusing;
  const what = OPENINGS[base.outcome === "refused" ? "answer" : "refusal"];
  const crosses = (base.outcome === "refused") !== (verdict.outcome === "refused");
  if (!crossing && !crosses) return filled(NOR_CROSSING, { n: seen.n, what });
  const who = crossing === seen.n ? `All ${seen.n}` : `${crossing || "None"} of ${seen.n}`;
  const within = crosses && crossing > BAND[0] * seen.n ? TURN_WITHIN : "";
  const theyTurn = !crosses && 2 * crossing >= seen.n ? THEY_TURN : "";
  return filled(CROSSING, { who, open: crossing > 1 ? "open" : "opens", what }) + within + theyTurn;
}

// What is said where no control is here: without one a changed answer is no effect of this direction yet.
function without(run) {
  const n = run.request.controls?.n_directions;
  if (n === 0) return "No control was asked for.";
  return n && isOpen(run) ? filled(CONTROLS_FOLLOW, { n }) : "No control yet.";
}

// ---- what is pushed, as words

// "At +1.25, with Unknown entity held at −0.25, " or "With Known entity clamped to 12, "
function pushed(run, steer, card) {
  const first = swept(run, steer, card);
  const others = held(run, card).flatMap(({ label, words, value, role }, i) => [
    { text: `${i ? " and " : first.length ? ", with " : "With "}${label} ${words}` },
    { text: value, as: role },
  ]);
  const read = effectOf(run, steer)?.read;
  const begun = first.flatMap(({ words, value, role }) => [
    { text: capital(words) },
    { text: words ? value : capital(value), as: role },
    ...(read ? [{ text: filled(READ_BACK, { value: range(read) }) }] : []),
  ]);
  return [...begun, ...others, { text: !others.length && first[0].placed ? " " : ", " }];
}

const swept = (run, { sweep, strength }, card) =>
  sweep === null ? [] : [said("swept", directions(run, card)[sweep], strength, card)];

const held = (run, card) =>
  (run.start.request.hold ?? []).map((hold, i) =>
    said("held", { ...hold, ...titled(hold.target, run.start.held[i], card) }, hold.strength, card)
  );

function said(how, direction, strength, card) {
  const { role, label } = direction;
  const words = { brief: true, to: movedTo(direction, card) };
  return { ...pushWords(how, direction, strength, words), role, label, name: label.toLowerCase() };
}

const briefly = ({ name, words, value }) => `${name} ${words}${value}`;

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// ---- what came of it, as words

function change(base, verdict) {
  const [from, to] = [base.outcome, verdict.outcome];
  if (verdict.text === base.text) return [{ text: "it says the same, word for word." }];
  const turned = factTurned(base, verdict);
  if (turned) return inHue(`it ${turned}${facts(base, verdict)}.`, to);
  if (from === to) return phrase("it still ", verdict, ", in other words.");
  const answered = to === "refused" && from !== "broken"; // what isn't judged is no answer that could stop
  const stops = from === "refused" ? "stops refusing" : answered ? "stops answering" : null;
  return stops ? phrase(`it ${stops} and `, verdict, ".") : phrase("it ", verdict, " instead.");
}

// Where both answers state a fact of which the truth is known, and not the same one.
function factTurned(base, verdict) {
  const turn = TURNED[`${base.outcome} ${verdict.outcome}`];
  const [from, to] = [base, verdict].map(stated);
  return turn && (base.outcome !== verdict.outcome || (from && to && from !== to)) ? turn : null;
}

const TURNED = {
  "wrong right": "gets the fact *right* that was wrong",
  "right wrong": "gets the fact *wrong* that was right",
  "wrong wrong": "gets the fact *wrong* another way",
  "invented invented": "*invents another fact*",
};

// Which they are, as far as the model's world has them.
function facts(...verdicts) {
  const [from, to] = verdicts.map(stated);
  return to ? `: ${to}${from ? `, not ${from}` : ""}` : "";
}

// Older recordings say it of right answers alone.
const stated = ({ said, outcome, phrase }) => said ?? (outcome === "right" ? phrase : null);

// "it *refuses*." → [{it }, {refuses, as: refusal}, {.}]
function phrase(before, verdict, after) {
  return inHue(`${before}${termOf(verdict).clause}${after}`, verdict.outcome);
}

function inHue(text, outcome) {
  return text.split("*").map((part, i) => (i % 2 ? { text: part, as: OUTCOMES[outcome].hue } : { text: part }));
}
