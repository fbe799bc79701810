import { channels } from "/static/core/store.js";
import { steps } from "/static/explore/tour.js";
import assert from "../assert.js";
import { frames, runOf } from "../run/recorded.js";

const state = (run, sliders = []) => channels({ run, card: null, colour: 0, sliders });

Deno.test("the tour says of the name what was measured on it, and nothing before", () => {
  const [first] = steps(state(null));
  assert.match(first.title, /token by token/);
  const run = runOf(frames);
  const last = run.start.entity.end - 1;
  for (const [value, said] of [[3, /fires on this name/], [0, /is silent on this name/]]) {
    const read = structuredClone(run);
    read.prompt.arms[0].activations[0][last] = value;
    assert.match(steps(state(read))[0].title, said);
  }
});

Deno.test("the tour names the slider that is worth a push and whether an answer turns there", () => {
  const target = { kind: "latent", dictionary: "d", latent: 1 };
  const known = {
    target,
    mode: "add",
    unit: "residual_norm",
    scope: "entity",
    strengths: [1, 2],
    role: "known",
    label: "K",
  };
  const request = { sweeps: [known] };
  const arms = [{ sweep: null, strength: 0 }, { sweep: 0, strength: 1 }, { sweep: 0, strength: 2 }];
  const run = (last) => ({
    request,
    start: { request, arms },
    arms: ["refused", "refused", last].map((outcome) => ({ text: "", verdict: { outcome } })),
  });
  const told = (last) => ofSliders(run(last), known);
  assert.match(told("invented"), /Push “K” to the right.*At \+2 the answer turns/);
  assert.match(told("refused"), /Push “K” to the right.*None of those that are here turns/);
  const back = { ...known, target: { ...target, latent: 2 }, strengths: [-2, -1] };
  assert.match(ofSliders(run("refused"), back), /Push “K” to the left/);
});

function ofSliders(run, slider) {
  const seen = { run, sliders: [slider], card: null, colour: 0 };
  const { title, text } = steps({ get: (name) => (name === "card" ? { watch: [] } : seen[name]) })[1];
  return `${title} ${text}`;
}
