import assert from "../assert.js";
import { background } from "/static/study/background.js";

Deno.test("Cancel that is pressed before the app has taken the run cancels it", async () => {
  const asked = [];
  let state = "queued";
  const taken = Promise.withResolvers();
  const summary = () => Response.json({ id: "one", state, n_frames: 0 });
  globalThis.fetch = async (address, { method = "GET" } = {}) => {
    asked.push(`${method} ${address}`);
    if (method === "POST") await taken.promise;
    if (method === "DELETE") state = "cancelled";
    return String(address).includes("/frames") ? new Response("") : summary();
  };
  const run = background({ onChange: () => {} });
  const begun = run.start({ kind: "answers" });
  const cancelled = run.cancel();
  taken.resolve(null);
  assert.equal(await begun, "one");
  assert.equal(await cancelled, true);
  assert.ok(asked.includes("DELETE /api/runs/one"), asked.join());
  run.close();
});
