// Baseline beside steered: the text as it streams, the verdict, each token's probability as an underline,
// the phrase that decided and the words that differ. From `step` and `verdict` frames.

import { fill, h } from "../lib/dom.js";
import { probability, signed, visible } from "../lib/format.js";
import { directions } from "../lib/names.js";
import { armAt, isOpen } from "../lib/run.js";
import { badge } from "./badge.js";

export function answers(element, state) {
  const [left, right] = [panel("Baseline"), panel("Steered")];
  fill(element, h("div", { class: "answers" }, left.root, right.root));
  const offs = [
    state.on(["run"], () => draw(left, 0)),
    state.on(["run", "steer", "card"], () => {
      const run = state.get("run");
      const steer = state.get("steer");
      const direction = directions(run, state.get("card"))[steer.sweep ?? 0];
      fill(
        right.strength,
        steer.strength !== 0 &&
          h("span", { class: `as-${direction?.role ?? "other"}`, title: direction?.label }, signed(steer.strength)),
      );
      right.root.classList.toggle("untouched", steer.strength === 0);
      draw(right, run?.start ? armAt(run, steer) : 0);
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function draw({ head, text, tokens, root }, arm) {
    const run = state.get("run");
    const answer = run?.arms[arm];
    const steered = root === right.root;
    if (steered && arm === 0 && run?.start) {
      fill(head, h("span", { class: "note" }, "not pushed"));
    } else if (answer?.verdict) {
      fill(head, badge(answer.verdict));
    } else {
      fill(head, h("span", { class: "note" }, progress(run, answer)));
    }
    if (!answer) {
      fill(text, run && isOpen(run) && h("span", { class: "caret" }));
      fill(tokens);
      return;
    }
    const kinds = new Array(answer.text.length).fill("");
    if (steered && arm > 0) markDifferent(kinds, answer.text, run.arms[0].text);
    if (answer.verdict?.outcome === "refused") markPhrase(kinds, answer.text, answer.verdict.phrase);
    if (answer.verdict && !answer.text.trim()) {
      fill(text, h("span", { class: "dim" }, "(nothing)"));
      fill(tokens);
      return;
    }
    fill(
      text,
      runsOf(answer.text, kinds),
      !answer.verdict && isOpen(run) && h("span", { class: "caret" }),
      !answer.verdict && !isOpen(run) && h("span", { class: "dim" }, " …"),
    );
    fill(tokens, ...answer.tokens.filter((token) => token.text).map(tokenMark));
  }
}

function panel(name) {
  const strength = h("span", { class: "strength" });
  const head = h("span", { class: "verdict" });
  const text = h("p", { class: "answer-text" });
  const tokens = h("p", { class: "answer-tokens", "aria-hidden": "true" });
  const root = h(
    "article",
    { class: "answer" },
    h("div", { class: "answer-head" }, h("h2", {}, name), strength, head),
    text,
    tokens,
  );
  return { root, strength, head, text, tokens };
}

function progress(run, answer) {
  if (!run) return "";
  if (!isOpen(run)) return answer?.tokens.length ? `stopped at token ${answer.tokens.length}` : "not answered";
  if (!answer?.tokens.length) return "reading the prompt";
  return `token ${answer.tokens.length} of up to ${run.start.request.max_new_tokens}`;
}

function tokenMark({ text, logprob }) {
  const p = Math.exp(logprob);
  return h("span", { style: { "--p": p.toFixed(3) }, title: `${visible(text)}  p ${probability(p)}` }, visible(text));
}

function markPhrase(kinds, text, phrase) {
  if (!phrase) return;
  const at = text.toLowerCase().replaceAll("’", "'").indexOf(phrase.toLowerCase());
  if (at >= 0) kinds.fill("matched", at, at + phrase.length);
}

// Words of `text` that are not in the longest common subsequence with the other answer.
function markDifferent(kinds, text, other) {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ word: match[0], at: match.index }));
  const others = other.match(/\S+/g) ?? [];
  const length = words.map(() => new Array(others.length + 1).fill(0));
  length.push(new Array(others.length + 1).fill(0));
  for (let i = words.length - 1; i >= 0; i--) {
    for (let j = others.length - 1; j >= 0; j--) {
      length[i][j] =
        words[i].word === others[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  let j = 0;
  words.forEach(({ word, at }, i) => {
    while (j < others.length && others[j] !== word && length[i][j + 1] === length[i][j]) j++;
    if (others[j] === word && length[i][j] === length[i + 1][j + 1] + 1) j++;
    else kinds.fill("different", at, at + word.length);
  });
  // One line under neighbours, the space between them too.
  words.forEach(({ at }, i) => {
    if (i && kinds[at] && kinds[at - 2]) kinds.fill("different", at - 1, at);
  });
}

function runsOf(text, kinds) {
  const result = [];
  for (let from = 0; from < text.length;) {
    let to = from + 1;
    while (to < text.length && kinds[to] === kinds[from]) to++;
    const part = text.slice(from, to);
    result.push(kinds[from] ? h("span", { class: kinds[from] }, part) : part);
    from = to;
  }
  return result;
}
