import { aboutOf, circuitOf, typedNow } from "/static/circuit/question/why.js";
import assert from "../assert.js";

const known = { role: "known", story: "known", prompt: "Jordan?" };
const unknown = { role: "unknown", story: "unknown", prompt: "Batkin?" };
const card = { examples: [[known, unknown, { role: "known", story: "rare", prompt: "Rare?" }]] };
const asked = (prompt) => ({ card, prompt, format: "chat", span: null, sliders: [], values: [] });
const both = ({ prompt, beside }) => [prompt, beside?.prompt];

Deno.test("an example leads to Circuit beside the other kind of name, the known one first", () => {
  assert.deepEqual(both(circuitOf(asked("Batkin?"), null, null)), ["Jordan?", "Batkin?"]);
  assert.deepEqual(both(circuitOf(asked("Jordan?"), null, null)), ["Jordan?", "Batkin?"]);
  assert.deepEqual(both(circuitOf(asked("Rare?"), null, null)), ["Rare?", "Batkin?"]);
});

Deno.test("the circuit is about what was asked, wherever that stands in it", () => {
  const about = (prompt, other) => aboutOf(circuitOf(asked(prompt), other, null), prompt);
  assert.deepEqual(
    [about("Batkin?", null), about("Jordan?", null), about("Batkin?", "Who?"), about("Mine?", null)],
    ["b", "a", "a", null],
  );
});

Deno.test("a second prompt that is there stays the second, with the name that was marked in it", () => {
  const span = { start: 0, end: 3 };
  const { prompt, beside } = circuitOf(asked("Batkin?"), "Who?", span);
  assert.deepEqual([prompt, beside], ["Batkin?", { prompt: "Who?", entity: span }]);
});

Deno.test("a prompt of one's own has nobody beside it, and what pushes stays in force", () => {
  const slider = { target: { kind: "latent", dictionary: "d", latent: 1 }, mode: "add", unit: "raw", scope: "entity" };
  const found = circuitOf({ ...asked("Mine?"), sliders: [slider, slider], values: [2, null] }, null, null);
  assert.equal(found.beside, null);
  assert.deepEqual(found.hold.map(({ strength }) => strength), [2]);
});

Deno.test("what is typed and not run yet is what Circuit is asked, without the name marked in what was", () => {
  const now = { ...asked("Jordan?"), span: { start: 0, end: 6 } };
  assert.equal(typedNow(now, "Jordan? "), now);
  assert.equal(typedNow(now, ""), now);
  const { prompt, span } = typedNow(now, "Rare?");
  assert.deepEqual([prompt, span], ["Rare?", null]);
});
