// Outcomes in words, and the sentence above the answers. Pure; knows nothing about the page.
// Refusals, wrong and invented answers are never counted together.

import { control, armAt } from "./run.js";
import { signed } from "./format.js";

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
 * The claim, as parts: what the push changes, then what random pushes of that size do.
 * @returns {{ text: string, as?: string }[]}
 */
export function claim(run, steer, direction) {
  const base = run.arms[0]?.verdict;
  if (!base) return [];
  if (steer.strength === 0) return [{ text: "Untouched, " }, ...phrase(ALONE[base.outcome])];
  const arm = armAt(run, steer);
  const verdict = run.arms[arm]?.verdict;
  if (!verdict) return [];
  return [
    { text: "At " },
    { text: signed(steer.strength), as: direction.role },
    { text: " " },
    ...phrase(change(base, verdict)),
    { text: " " },
    { text: controlSentence(run, steer, base), as: "aside" },
  ];
}

/** How many random directions cross to the other opening, counted at the first answer token. */
export function controlSentence(run, steer, base) {
  const seen = control(run, steer);
  if (!seen) return run.request.controls?.n_directions === 0 ? "No control was asked for." : "No control yet.";
  const crossing = base.outcome === "refused" ? seen.n - seen.n_refusing : seen.n_refusing;
  const who = crossing === 0 ? "None" : crossing === seen.n ? "All" : String(crossing);
  const verb = crossing === 1 ? "opens" : crossing === 0 ? "opens" : "open";
  const what = base.outcome === "refused" ? "an answer" : "a refusal";
  const of = crossing === seen.n ? `All ${seen.n}` : `${who} of ${seen.n}`;
  return `${of} random pushes of that size ${verb} with ${what}.`;
}

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
  if (base.outcome === to)
    return to === "refused" ? "it still *refuses|refusal*, in other words." : `it still ${TURNS[to]}, in other words.`;
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
