import assert from "../../assert.js";
import { Refused } from "/static/core/api.js";
import { groupsOf, meaning, missing } from "/static/run/latents/meaning.js";

const target = (latent) => ({ kind: "latent", dictionary: "d", latent });
const FOUND = {
  words: "soccer",
  tokens: [" soccer", "soccer"],
  n_tokens: 15_638,
  n_places: 16,
  writes: [
    { target: target(1), token: { id: 5, text: " soccer", logit: 0.9 }, rank: 1 },
    { target: target(2), token: { id: 5, text: " soccer", logit: 0.8 }, rank: 3 },
  ],
  fires: [{ target: target(2), n_fired: 11, n_elsewhere: 1151, max_activation: 5.9, snippet: {} }],
};
const later = (ms) => new Promise((done) => setTimeout(done, ms));

Deno.test("each latent says why it was found, beside how often it fires elsewhere", () => {
  const [writes, fires] = groupsOf(FOUND);
  assert.deepEqual([writes.name, fires.name], ["Writes “soccer”", "Fires on “soccer”"]);
  assert.deepEqual(writes.latents.map(({ why }) => why), [
    "writes “soccer” before all other tokens, +0.900 logits",
    "writes “soccer” 3rd of all tokens, +0.800 logits",
  ]);
  assert.deepEqual(fires.latents.map(({ why }) => why), [
    "fires at 11 of 16 places that say “soccer”, and on 1,151 other tokens of 15,638",
  ]);
});

Deno.test("what writes a word stands beside how many would by chance, where the worker tells", () => {
  const order = (found) => groupsOf(found)[0].order;
  assert.deepEqual(order(FOUND), "by the place that it gives the word");
  assert.deepEqual(
    order({ ...FOUND, n_latents: 3_000, n_vocabulary: 2_000 }),
    "by the place that it gives the word; by chance 3.00 of 3,000 latents would write it first",
  );
});

Deno.test("what is not found says which of the two is missing, and nothing where neither is", () => {
  assert.deepEqual(missing(FOUND), null);
  const none = { ...FOUND, tokens: [], writes: [], fires: [], n_places: 0 };
  assert.deepEqual(groupsOf(none), []);
  assert.deepEqual(
    missing(none),
    "No token says “soccer”, so nothing writes it at once. The sample of text nowhere says “soccer”.",
  );
  assert.deepEqual(missing({ ...FOUND, n_places: 0, n_tokens: 0 }), "No sample of text comes with this model.");
  assert.deepEqual(missing({ ...FOUND, writes: [] }), "No latent has “soccer” among its first ten.");
});

Deno.test("it asks when the typing rests, once a word, and what comes late is of no word that is looked for", async () => {
  const asked = [];
  let changes = 0;
  const ask = async (_model, words, signal) => {
    asked.push(words);
    await later(words === "slow" ? 60 : 1);
    if (signal.aborted) throw new DOMException("", "AbortError");
    if (words === "bad") throw new Refused(503, { code: "x", asked: "a", allowed: "b", change: "c" });
    return { ...FOUND, words };
  };
  const meant = meaning(() => changes++, ask, 10);
  for (const words of ["s", "so", "soc"]) meant.look("m", words);
  assert.deepEqual([meant.asking(), meant.found()], [true, null]);
  await later(40);
  assert.deepEqual([asked, changes, meant.asking(), meant.found().words], [["soc"], 1, false, "soc"]);
  meant.look("m", "slow");
  await later(20);
  meant.look("m", " soc ");
  assert.deepEqual([meant.found().words, meant.asking()], ["soc", false]);
  await later(80);
  assert.deepEqual([asked, changes, meant.found().words], [["soc", "slow"], 1, "soc"]);
  meant.look("m", "bad");
  await later(40);
  assert.deepEqual([meant.problem().change, meant.found(), changes], ["c", null, 2]);
  meant.look("m", "");
  assert.deepEqual([meant.problem(), meant.found(), meant.asking()], [null, null, false]);
});
