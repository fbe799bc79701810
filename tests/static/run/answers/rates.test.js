import assert from "../../assert.js";
import { wilson } from "/static/core/shares.js";
import { counted } from "/static/run/answers/rates.js";

// By hand: at 0 of n the upper end is z²/(n + z²), at n of n the lower one n/(n + z²), with z² = 3.8415;
// at half the interval is 1/2 ± z √(1/4n + z²/4n²) / (1 + z²/n).
for (
  const [k, n, low, high] of [
    [0, 10, 0, 0.27754],
    [10, 10, 0.72246, 1],
    [5, 10, 0.23659, 0.76341],
    [1, 4, 0.04559, 0.69936],
    [0, 0, 0, 1],
  ]
) {
  Deno.test(`the interval of ${k} of ${n} is Wilson's`, () => {
    const found = wilson(k, n);
    assert.ok(Math.abs(found[0] - low) < 2e-5 && Math.abs(found[1] - high) < 2e-5, String(found));
  });
}

Deno.test("every whole answer counts once, holes not at all, the commonest text first", () => {
  const sample = (text, outcome) => ({ text, verdict: { outcome } });
  const samples = [sample("No.", "refused"), undefined, sample("Golf.", "wrong"), sample("Golf.", "wrong")];
  const { n, counts, texts } = counted(samples);
  assert.equal(n, 3);
  assert.deepEqual(counts, { refused: 1, wrong: 2 });
  assert.deepEqual(texts.map(({ text, n }) => [text, n]), [["Golf.", 2], ["No.", 1]]);
});
