import assert from "../assert.js";
import { wordsOf } from "/static/explore/read_as.js";
import { wholeRequest } from "/static/run/requests.js";

const WARNING = "The text brings <bos> itself.";

Deno.test("of a BOS that the text brought the page says what became of it, and offers the other choice", () => {
  const request = { format: "raw" };
  assert.equal(wordsOf({ request }), null, "a recording of before");
  assert.equal(wordsOf({ request, warnings: [] }), null);
  assert.deepEqual(wordsOf({ request, warnings: [WARNING] }), { words: WARNING, way: "Keep it", other: "kept" });
  const kept = { ...request, own_bos: "kept" };
  assert.deepEqual(wordsOf({ request: kept, warnings: [WARNING] }), {
    words: WARNING,
    way: "Drop it",
    other: "dropped",
  });
});

Deno.test("what was chosen about the text's own BOS is part of every request until another question is asked", () => {
  const seen = { card: { id: "m" }, prompt: "<bos>Ann", format: "raw", sliders: [], values: [], active: 0 };
  const base = { ...wholeRequest({ ...seen, base: null }), own_bos: "kept" };
  assert.equal(Reflect.get(wholeRequest({ ...seen, base }), "own_bos"), "kept");
  assert.equal("own_bos" in wholeRequest({ ...seen, base: null }), false);
});
