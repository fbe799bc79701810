import assert from "../assert.js";
import { readSearch, writeSearch } from "/static/models/address.js";

const SEARCH = { model: "tiny", q: "José & <b>", type: "city", tier: "known", offset: 50 };

Deno.test("a search survives the address, and nothing makes nothing", () => {
  assert.deepEqual(readSearch(writeSearch(SEARCH)), SEARCH);
  assert.equal(writeSearch(readSearch("")), "");
});

Deno.test("a place that is none is the first", () => {
  for (const from of ["-1", "1.5", "x", "99999999"]) assert.equal(readSearch(`#from=${from}`).offset, 0, from);
});
