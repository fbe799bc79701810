import assert from "../assert.js";
import { lastTime } from "/static/findings/verify.js";

Deno.test("over a check that couldn't be made stands that it wasn't, and what the one before came to", () => {
  const once = lastTime("Reproduced");
  assert.deepEqual(once, "Not checked now; last time: reproduced");
  assert.deepEqual(lastTime(once), once, "pressed again");
});
