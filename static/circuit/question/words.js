// What it answers, word by word, to press: why this one comes there. Asks the model for its plain answer, once for a
// prompt, with what is pushed; shows nothing where none comes. Knows no circuit.

import { newPage } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { visible } from "../../core/format.js";
import { follower } from "../../run/follow.js";

const MOST_TOKENS = 24;
const GARBLED = "\uFFFD"; // part of a character: no text that could be asked for

/**
 * @typedef {{ said: string, up: string }} Word what stands before it in the answer, and itself
 * @param {HTMLElement} element
 * @param {(word: Word) => void} choose
 */
export function answerWords(element, choose) {
  const follow = follower(`${newPage()}-words`, { fresh: () => ({ words: [] }), fold: withWords });
  let shown = "";
  return {
    /** Of this question; null: of none. `now`: the word that is asked about. */
    ask(asked, now = null) {
      const key = JSON.stringify(asked);
      if (key === shown) return mark(now);
      shown = key;
      follow.drop();
      fill(element);
      element.hidden = !asked;
      if (asked) follow.ask(wordsRequest(asked), ({ words }) => draw(words, now));
    },
    drop: () => follow.drop(),
  };

  function draw(words, now) {
    fill(
      element,
      words.length > 0 && h("span", { class: "note" }, "It answers; why"),
      words.map((word) =>
        h(
          "button",
          { type: "button", class: "chip mono", value: wordKey(word), onclick: () => choose(word) },
          visible(word.up),
        )
      ),
    );
    mark(now);
  }

  function mark(now) {
    for (const button of element.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(now !== null && button.value === wordKey(now)));
    }
  }
}

const wordKey = ({ said, up }) => JSON.stringify([said, up]);

/** A GenerateRequest of protocol/worker/requests.py: greedy, without anything beside the answer. */
export const wordsRequest = ({ model, prompt, format, hold, entity }) => ({
  kind: "generate",
  model,
  prompt,
  format,
  ...(entity && { entity }),
  hold: hold ?? [],
  controls: { n_directions: 0 },
  watch: [],
  risk: false,
  max_new_tokens: MOST_TOKENS,
});

/** The answer so far with a frame more: of the last arm, which is what is held where something is. @returns {{ words: Word[], arm?: number }} */
export function withWords({ words, arm = 0 }, frame) {
  if (frame.kind === "start") return { words, arm: frame.arms.length - 1 };
  if (frame.kind !== "step") return { words, arm };
  const said = words.at(-1) ? words.at(-1).said + words.at(-1).up : "";
  const own = frame.tokens.find((token) => token.arm === arm && token.sample === 0);
  if (!own || !own.text || own.text.includes(GARBLED)) return { words, arm };
  return { words: [...words, { said, up: own.text }], arm };
}
