import assert from "../../assert.js";
import { marked } from "/static/run/answers/marks.js";

const written = (...values) => marked(...values).map(({ text, as }) => (as ? `${as[0]}(${text})` : text)).join("");

Deno.test("marks never change a text", () => {
  for (const text of ["", "I don’t know  who that is.", "He plays\ngolf."]) {
    assert.equal(marked(text, "He plays curling.", "don't know").map((part) => part.text).join(""), text);
  }
});

Deno.test("words that the other answer has not are marked, neighbours in one", () => {
  assert.equal(written("He plays ice hockey well.", "He plays golf well.", null), "He plays d(ice hockey) well.");
  assert.equal(written("a b c", "a b c", null), "a b c");
  assert.equal(written("b a", "a b", null).replace(/d\(|\)/g, ""), "b a");
});

Deno.test("the phrase that decided is marked over all, however its apostrophe is written", () => {
  assert.equal(written("I don’t know him.", "He is.", "don't know"), "d(I )m(don’t know)d( him.)");
});
