// What is said of transcoders before anything is drawn with them.

import { missedAtEnd } from "/static/circuit/question/form.js";
import assert from "../assert.js";

const card = (layer, share) => ({ layer, missed_at_end: share });

Deno.test("what transcoders miss where an answer begins is said, and in which layers that is the most", () => {
  assert.equal(
    missedAtEnd([card(0, 0.258), card(1, 0.478), card(2, 0.925)]),
    "miss 26 to 93 % of what MLPs write where the answer begins, more than half in L2: what they miss counts as " +
      "error there.",
  );
});

Deno.test("of a card that doesn't say, nothing is said", () => {
  assert.equal(missedAtEnd([{ layer: 0 }, card(1, null)]), "");
});
