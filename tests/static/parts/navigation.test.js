import assert from "../assert.js";
import { leadBack, leaveExplore } from "/static/parts/navigation.js";

const kept = () => {
  const values = new Map();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
};

Deno.test("the way back to Explore leads to what was pinned there", () => {
  const storage = kept();
  const link = { hash: "" };
  leadBack(link, storage);
  assert.deepEqual(link.hash, "");
  leaveExplore("#q=Paris&s=3%3A4", storage);
  leadBack(link, storage);
  assert.deepEqual(link.hash, "#q=Paris&s=3%3A4");
  leadBack(null, storage);
});

Deno.test("a browser that keeps nothing leads to the beginning", () => {
  const none = () => {
    throw new DOMException("", "SecurityError");
  };
  const link = { hash: "" };
  leaveExplore("#q=Paris", { setItem: none });
  leadBack(link, { getItem: none });
  assert.deepEqual(link.hash, "");
});
