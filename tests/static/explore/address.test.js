import assert from "../assert.js";
import { channels } from "/static/core/store.js";
import { keptAddress } from "/static/explore/address.js";

const SLIDERS = [{ target: { kind: "latent", dictionary: "d", latent: 4 }, mode: "add", strengths: [0, 0.875] }];
const REST = 250;

/** An address over a page that shows a recording until `lands()`; `changes(state)` comes before that. */
async function opened(changes) {
  const written = [];
  Object.assign(globalThis, {
    location: { hash: "" },
    history: { replaceState: (_, __, hash) => written.push(hash) },
  });
  const state = channels({ run: null, sliders: SLIDERS, values: [null], active: 0, otherPrompt: null });
  let live = false;
  keptAddress(state, () => live ? { prompt: "Who?", format: "chat", sliders: SLIDERS, colour: false } : null);
  changes(state);
  await new Promise((resolve) => setTimeout(resolve, REST));
  assert.deepEqual(written, []);
  live = true;
  state.set("run", {});
  await new Promise((resolve) => setTimeout(resolve, REST));
  return written;
}

Deno.test("what was pushed on the recording is in the address once its run has landed", async () => {
  assert.deepEqual(await opened((state) => state.set("values", [0.875])), ["#prompt=Who%3F&at=0%3A0.875"]);
  assert.deepEqual(await opened((state) => state.set("otherPrompt", "And?")), ["#prompt=Who%3F&beside=And%3F"]);
});

Deno.test("a page that was left alone keeps its address", async () => {
  assert.deepEqual(await opened(() => {}), []);
});
