import assert from "../assert.js";
import { benches } from "/static/explore/benches.js";
import { newRun } from "/static/run/run.js";

const LATENT = { kind: "latent", dictionary: "d", latent: 4 };
const SLIDER = { target: LATENT, mode: "add", unit: null, scope: "entity", strengths: [0.5, 1], label: "known" };

/** What a bench of one question asks for beside it, once what stands in `arms` has come. */
async function askedBeside(arms) {
  const asked = [];
  const whole = { ...newRun({ prompt: "Who?", sweeps: [SLIDER] }), phase: "running", prompt: {}, arms };
  const seen = () => ({
    card: { id: "m" },
    prompt: "Who?",
    format: "chat",
    sliders: [SLIDER],
    values: [0.9375],
    active: 0,
  });
  const bench = benches({
    seen,
    show: () => {},
    settled: () => {},
    main: {
      ask: (_, told) => {
        told(whole, "1");
        return Promise.resolve(false);
      },
    },
    point: { ask: (request) => asked.push(request), drop: () => {} },
  });
  bench.open();
  await new Promise((resolve) => setTimeout(resolve, 150));
  return asked.length;
}

Deno.test("a strength left from another question waits for the untouched answer to this one", async () => {
  assert.equal(await askedBeside([{ text: "", verdict: null }]), 0);
  assert.equal(await askedBeside([{ text: "I.", verdict: { outcome: "refused" } }]), 1);
});
