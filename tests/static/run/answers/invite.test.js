import { worthPushing } from "/static/run/answers/invite.js";
import assert from "../../assert.js";

const latent = (n) => ({ kind: "latent", dictionary: "d", latent: n });
const sweep = (n) => ({
  target: latent(n),
  mode: "add",
  unit: "residual_norm",
  scope: "entity",
  strengths: [-1, 1, 2],
});
const sliders = [
  { ...sweep(1), role: "known", positions: [], generated: false, to: null },
  { ...sweep(2), role: "unknown", positions: [], generated: false, to: null },
];

/** Arm 0 is the baseline, then −1, 1 and 2 of each sweep; null: its verdict is not here yet. */
function run(...outcomes) {
  const swept = [0, 1].flatMap((sweep) => [-1, 1, 2].map((strength) => ({ sweep, strength, alpha: strength })));
  const request = { sweeps: [sweep(1), sweep(2)] };
  const arms = [{ sweep: null, strength: 0 }, ...swept];
  return {
    request,
    start: { request, arms },
    arms: arms.map((_, i) => ({ text: "", verdict: outcomes[i] ? { outcome: outcomes[i] } : null })),
  };
}

Deno.test("the least push that turns a refusal is the one worth a press", () => {
  const found = run("refused", "invented", "refused", "invented", "refused", "refused", "refused");
  assert.deepEqual(worthPushing(found, sliders), { index: 0, strength: 2, turns: true });
});

Deno.test("an answer is turned by the other slider", () => {
  const found = run("right", "right", "right", "right", "right", "refused", "refused");
  assert.deepEqual(worthPushing(found, sliders), { index: 1, strength: 1, turns: true });
});

Deno.test("where nothing turns it the longest push is worth a look", () => {
  const found = run("refused", "refused", "refused", "refused", "refused", "refused", "refused");
  assert.deepEqual(worthPushing(found, sliders), { index: 0, strength: 2, turns: false });
});

Deno.test("nothing is worth a push before it is known what would be turned", () => {
  assert.deepEqual(worthPushing(run(null), sliders), null);
  assert.deepEqual(worthPushing(run("refused"), []), null);
  assert.deepEqual(worthPushing(null, sliders), null);
});
