import assert from "../assert.js";
import { count, plain, probability, sig3, signed, visible } from "/static/core/format.js";

Deno.test("a number has three digits, its own minus, and is zero only where it is", () => {
  assert.deepEqual([0, 1.2345, -55.06, 999.4, 999.6, 12345.6].map(sig3), [
    "0",
    "1.23",
    "−55.1",
    "999",
    "1,000",
    "12,346",
  ]);
  assert.deepEqual([0.0004, -0.0004].map(sig3), ["< 0.001", "> −0.001"]);
});

Deno.test("a probability is one only where it is", () => {
  assert.deepEqual([0.5, 0.9996, 1].map(probability), ["0.500", "> 0.999", "1.00"]);
});

Deno.test("a strength has its sign and no digits that are none", () => {
  assert.deepEqual([1.25, -0.5, 0, 0.1 + 0.2].map(signed), ["+1.25", "−0.5", "0", "+0.3"]);
  assert.deepEqual([-1.5, 2].map(plain), ["−1.5", "2"]);
});

Deno.test("white space and control tokens of a token can be seen", () => {
  assert.deepEqual([" Bat", "\n", "a\tb", "", "<bos>", "<start_of_turn>", "x < y"].map(visible), [
    "·Bat",
    "↵",
    "a⇥b",
    "∅",
    "⟨bos⟩",
    "⟨turn⟩",
    "x·<·y",
  ]);
});

Deno.test("one has no s", () => {
  assert.deepEqual([0, 1, 1200].map((n) => count(n, "token")), ["0 tokens", "1 token", "1,200 tokens"]);
});
