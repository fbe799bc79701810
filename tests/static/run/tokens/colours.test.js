// A tint says so where its dictionary misses more of a prompt than the prompt's mean does.

import assert from "../../assert.js";
import { poorFit } from "/static/run/tokens/colours.js";

Deno.test("a dictionary that fits worse than the mean is said beside the tint, and no other", () => {
  assert.equal(poorFit(1.14), "FVU here 1.14: its dictionary fits these tokens worse than their mean does");
  for (const fvu of [0.702, 0.05, null]) assert.equal(poorFit(fvu), "");
});
