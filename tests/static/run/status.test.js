import { servedBy } from "/static/run/status.js";
import assert from "../assert.js";

const run = { start: { model: { id: "small", device: "cpu", dtype: "float32" } } };

Deno.test("where a recording of another model ran is not said of the one that is loaded", () => {
  assert.deepEqual(servedBy({ model: "small" }, run), { name: "small", place: "cpu float32" });
  assert.deepEqual(servedBy({ model: "large" }, run), { name: "large", place: "" });
  assert.deepEqual(servedBy(null, run), { name: "small", place: "cpu float32" });
  assert.deepEqual(servedBy({ model: "large" }, null), { name: "large", place: "" });
});
