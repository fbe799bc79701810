import assert from "../assert.js";
import { Refused } from "/static/core/api.js";
import { leave, left } from "/static/discover/left.js";

const kept = () => {
  const values = new Map();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
  };
};
const HASH = "#run=abc&pins=3%3A4";

Deno.test("what was pinned is there again when the page is opened without an address", async () => {
  const storage = kept();
  assert.deepEqual(await left(storage, () => Promise.resolve({})), null);
  leave(HASH, storage);
  const asked = [];
  assert.deepEqual(await left(storage, (run) => Promise.resolve(asked.push(run))), HASH);
  assert.deepEqual(asked, ["abc"]);
});

Deno.test("a search that is gone is forgotten, and one that can't be asked about now is not", async () => {
  const storage = kept();
  const refuse = (status) => () =>
    Promise.reject(new Refused(status, { code: "x", asked: "a", allowed: "b", change: "c" }));
  leave(HASH, storage);
  assert.deepEqual(await left(storage, refuse(503)), null);
  assert.deepEqual(await left(storage, () => Promise.resolve({})), HASH);
  assert.deepEqual(await left(storage, refuse(404)), null);
  assert.deepEqual(await left(storage, () => Promise.resolve({})), null);
});

Deno.test("a browser that keeps nothing is none of our trouble", async () => {
  const none = () => {
    throw new DOMException("", "SecurityError");
  };
  leave(HASH, { setItem: none });
  assert.deepEqual(await left({ getItem: none }), null);
});
