import { lookingWords } from "/static/circuit/heads.js";
import assert from "../assert.js";
import { graphOf } from "./frames.js";

const CARRIED = "what heads carry decides, not where they look.";

Deno.test("the verdict on heads says where looking decides, as its numbers do", () => {
  const cases = [
    [1.01, 0.11, 0, `Inside the name, where heads look decides; at the end, ${CARRIED}`],
    [0.4, 0.5, 0, "Inside the name, where heads look counts; at the end, both where heads look and what they carry"],
    [0.02, 0.1, 0, `At the end, ${CARRIED}`],
    [0.1, 0.9, 0, "At the end, where heads look decides."],
    [0.01, 0.01, 0.02, "Where heads look moves nothing: what they carry does."],
  ];
  for (const [name, end, elsewhere, words] of cases) {
    const patterns = Object.entries({ end, name, elsewhere }).map(([queries, x]) => ({ queries, in_a: x, in_b: x }));
    const told = lookingWords({ ...graphOf(), heads: [{}], patterns });
    assert.equal(told.slice(0, String(words).length), words);
  }
  assert.equal(lookingWords(graphOf()), "");
});
