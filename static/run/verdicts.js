// Outcomes in words, and the sentence above the answers. Pure; knows nothing about the page.
// Refusals, wrong and invented answers are never counted together.

import { plain, signed } from "../core/format.js";
import { directions, titled } from "./names.js";
import { armAt, control, idleArm } from "./run.js";

/** What a badge says first. The icon has the outcome's name. */
export const OUTCOMES = {
  refused: "Refuses",
  right: "Right",
  wrong: "Wrong",
  invented: "Invents",
  answered: "Answers",
  broken: "Not judged",
};

/** The phrase, the fact or the rule that decided. */
export function why({ outcome, phrase, rule }) {
  if (phrase === null) return rule;
  if (outcome === "right") return `${rule}: ${phrase}`;
  if (outcome === "wrong") return `the ${rule} is ${phrase}`;
  return `matched “${phrase}”`;
}

/**
 * How hard, in the words of a mode: { words: "clamped to ", value: "12" }; `into` is what a swap moves the value to.
 */
export function pushWords({ mode, unit }, strength, into = "another latent") {
  const part = strength === 1 ? "" : `${plain(100 * strength)} % `;
  switch (mode) {
    case "clamp":
      return { words: "clamped to ", value: plain(strength) };
    case "scale":
      return { words: "scaled ", value: `×${plain(strength)}` };
    case "ablate":
      return { words: "", value: `${part}ablated` };
    case "project_out":
      return { words: "", value: `${part}projected out` };
    case "swap":
      return { words: "", value: `${part}swapped into ${into}` };
    default:
      return { words: "held at ", value: unit === "raw" ? `${signed(strength)} raw` : signed(strength) };
  }
}

/**
 * The claim, as parts: what is pushed, what that changes, then what random pushes of that size do.
 * @returns {{ text: string, as?: string }[]} none while a verdict that it needs is missing
 */
export function claim(run, steer, card) {
  const base = run.arms[0]?.verdict;
  if (!base) return [];
  if (steer.sweep === null && idleArm(run) === 0) return [{ text: "Untouched, " }, ...phrase(ALONE[base.outcome])];
  const verdict = run.arms[armAt(run, steer)]?.verdict;
  if (!verdict) return [];
  return [
    ...pushed(run, steer, card),
    ...phrase(change(base, verdict)),
    { text: " " },
    { text: controlSentence(run, steer, base), as: "aside" },
  ];
}

/** A title for what is chosen: "Michael Batkin: at +1.25 known entity, it stops refusing and invents a fact". */
export function headline(run, steer, card) {
  const name = run.start.entity.text;
  const [base, verdict] = [0, armAt(run, steer)].map((arm) => run.arms[arm]?.verdict);
  const all = [
    ...swept(run, steer, card).map((one) => (one.mode === "add" ? `at ${one.value} ${one.name}` : briefly(one))),
    ...held(run, card).map(briefly),
  ];
  if (!base || !verdict || !all.length) return `${name}: what the model says untouched`;
  const turned = phrase(change(base, verdict)).map(({ text }) => text);
  return `${name}: ${all.join(" with ")}, ${turned.join("")}`.slice(0, 140).replace(/\.$/, "");
}

/** How many random directions cross to the other opening, counted at the first answer token. */
export function controlSentence(run, steer, base) {
  if (steer.sweep === null) return "No control was run for what is held alone.";
  const seen = control(run, steer);
  if (!seen) return run.request.controls?.n_directions === 0 ? "No control was asked for." : "No control yet.";
  const crossing = base.outcome === "refused" ? seen.n - seen.n_refusing : seen.n_refusing;
  const what = base.outcome === "refused" ? "an answer" : "a refusal";
  const of = crossing === seen.n ? `All ${seen.n}` : `${crossing || "None"} of ${seen.n}`;
  return `${of} random pushes of that size ${crossing > 1 ? "open" : "opens"} with ${what}.`;
}

// ---- what is pushed, as words

// "At +1.25, with Unknown entity held at −0.25, " or "With Known entity clamped to 12, "
function pushed(run, steer, card) {
  const first = swept(run, steer, card).flatMap(({ mode, words, value, role }) => [
    { text: mode === "add" ? "At " : capital(words) },
    { text: mode === "add" || words ? value : capital(value), as: role },
  ]);
  const others = held(run, card).flatMap(({ label, words, value, role }, i) => [
    { text: `${i ? " and " : first.length ? ", with " : "With "}${label} ${words}` },
    { text: value, as: role },
  ]);
  return [...first, ...others, { text: !others.length && first[0].text === "At " ? " " : ", " }];
}

const swept = (run, { sweep, strength }, card) =>
  sweep === null ? [] : [said(directions(run, card)[sweep], strength, card)];

const held = (run, card) =>
  (run.start.request.hold ?? []).map((hold, i) =>
    said({ ...hold, ...titled(hold.target, run.start.held[i], card) }, hold.strength, card)
  );

function said(direction, strength, card) {
  const { mode = "add", role, label, to } = direction;
  const into = to ? titled(to, null, card).short : undefined;
  return { ...pushWords({ ...direction, mode }, strength, into), mode, role, label, name: label.toLowerCase() };
}

const briefly = ({ name, words, value }) => `${name} ${words}${value}`;

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// ---- what came of it, as words

const ALONE = {
  refused: "it *refuses|refusal*.",
  right: "it answers *right|ink*.",
  wrong: "it answers *wrong|invented*.",
  invented: "it *invents a fact|invented*.",
  answered: "it answers.",
  broken: "its answer has a form that is *not judged|control*.",
};

const TURNS = {
  refused: "*refuses|refusal*",
  right: "answers *right|ink*",
  wrong: "answers *wrong|invented*",
  invented: "*invents a fact|invented*",
  answered: "answers",
  broken: "says something that is *not judged|control*",
};

function change(base, verdict) {
  const to = verdict.outcome;
  if (verdict.text === base.text) return `it says the same, word for word.`;
  if (base.outcome === to) {
    return to === "refused" ? "it still *refuses|refusal*, in other words." : `it still ${TURNS[to]}, in other words.`;
  }
  const from = base.outcome === "refused" ? "stops refusing" : to === "refused" ? "stops answering" : null;
  return from ? `it ${from} and ${TURNS[to]}.` : `it ${TURNS[to]} instead.`;
}

// "it *refuses|refusal*." → [{it }, {refuses, as: refusal}, {.}]
function phrase(text) {
  return text.split("*").map((part, i) => {
    if (i % 2 === 0) return { text: part };
    const [words, as] = part.split("|");
    return { text: words, as };
  });
}
