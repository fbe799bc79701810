import assert from "../assert.js";
import { toLoad } from "/static/models/cards.js";

Deno.test("what loads a model is whole: a worker with it, and the app pointed at that worker", () => {
  const [worker, app] = toLoad({ id: "my/gemma" });
  assert.ok(worker.includes("python -m model_worker --model my/gemma --port 9000"));
  assert.ok(app.startsWith("HALLUCINOSCOPE_WORKER_URL=http://127.0.0.1:9000 "));
});
