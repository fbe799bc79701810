// What an answer's frames come to as words to press, and what is asked for them.

import assert from "../assert.js";
import { withWords, wordsRequest } from "../../../static/circuit/question/words.js";

const step = (...tokens) => ({
  kind: "step",
  tokens: tokens.map(([arm, text, sample = 0]) => ({ arm, sample, text })),
});
const read = (frames) => frames.reduce(withWords, { words: [] }).words;

Deno.test("each word knows what was said before it", () => {
  const words = read([{ kind: "start", arms: [{}] }, step([0, "This"]), step([0, " player"]), { kind: "done" }]);
  assert.deepEqual(words, [{ said: "", up: "This" }, { said: "This", up: " player" }]);
});

Deno.test("where something is held the words are the held answer's", () => {
  const words = read([{ kind: "start", arms: [{}, { held: true }] }, step([0, "I"], [1, "It"]), step([0, " am"])]);
  assert.deepEqual(words, [{ said: "", up: "It" }]);
});

Deno.test("no word is half of a character, or nothing", () => {
  assert.deepEqual(read([{ kind: "start", arms: [{}] }, step([0, "\uFFFD"]), step([0, ""])]), []);
});

Deno.test("the plain answer is asked, with what is pushed and the name as it was marked", () => {
  const asked = wordsRequest({ model: "m", prompt: "p", format: "chat", hold: [{ strength: 1 }], entity: null });
  assert.deepEqual([asked.hold, asked.controls, "entity" in asked], [[{ strength: 1 }], { n_directions: 0 }, false]);
});
