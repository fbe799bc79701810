// What the curve's legend says is grey, and what the claim says of a push: never more than has arrived.

import assert from "../../assert.js";
import { controlSentence } from "/static/run/verdicts.js";
import { legendOf } from "/static/run/curve/legend.js";

const N = 32;
const run = (phase, controls = [], prompt = { arms: [{ refusal_logodds: 3 }, { refusal_logodds: -3 }] }) => {
  const request = { controls: { n_directions: N, seed: 0 }, sweeps: [{ target: { kind: "vector" } }] };
  const arms = [{ sweep: null, strength: 0 }, { sweep: 0, strength: 1 }];
  return { phase, request, prompt, controls: new Map(controls), start: { request, arms } };
};
const said = (now) => legendOf(now, 0).map(({ text }) => text).join("");
const BAND = ["0/1", Array.from({ length: N }, (_, i) => i - 1.5)];

Deno.test("nothing is said to be grey before a band has arrived", () => {
  assert.equal(said(run("running")), "32 random directions follow");
  assert.equal(said(run("running", [], null)), "32 random directions follow");
  assert.equal(said(run("cut")), "32 random directions, none here yet");
  assert.equal(said(run("running", [BAND])), "grey: 32 random directions");
  assert.equal(said(null), "");
});

Deno.test("a push is not judged before its control, which is said to follow while a run goes on", () => {
  const told = (now) =>
    controlSentence(now, { sweep: 0, strength: 1 }, { outcome: "refused" }, { outcome: "invented" });
  assert.equal(
    told(run("running")),
    "32 random pushes of that size follow: until then this tells nothing of the direction.",
  );
  assert.equal(told(run("done")), "No control yet.");
  assert.ok(told(run("done", [BAND])).startsWith("2 of 32 random pushes"));
});
