import { OPENING, readCircuit, sameQuestion, writeCircuit } from "/static/parts/circuit_address.js";
import assert from "../assert.js";

const REQUEST = {
  prompt: "Who is “A & B”?",
  entity: { start: 7, end: 14 },
  beside: { prompt: "Who is C?", entity: { start: 7, end: 8 } },
  format: "raw",
  said: "He plays",
  basis: "neurons",
  target: { kind: "tokens", up: " a", against: null },
  hold: [{ target: { kind: "latent", dictionary: "d", latent: 1 }, mode: "add", strength: 2 }],
};
const CHOSEN = {
  view: "latents",
  about: "b",
  select: "g1",
  side: "a",
  x: 0.5,
  test: null,
  least: 0.02,
  pins: ["sae:2:1:10"],
};

Deno.test("what can be seen is in the address, and comes back from it", () => {
  const { request, chosen, parent } = readCircuit(writeCircuit(REQUEST, CHOSEN, "2NEpo7TZRRrL"));
  assert.deepEqual(request, REQUEST);
  assert.deepEqual(chosen, Object.fromEntries(Object.entries(CHOSEN).filter(([, value]) => value !== null)));
  assert.equal(parent, "2NEpo7TZRRrL");
});

Deno.test("an address that makes no sense is read as far as it does", () => {
  const { request, chosen } = readCircuit("#prompt=Hi&view=sideways&side=c&about=me&x=much&target={&hold=7");
  assert.deepEqual(chosen, {});
  assert.deepEqual([request.target, request.hold, request.beside], [OPENING, [], null]);
});

Deno.test("without a prompt it asks nothing", () => {
  assert.equal(readCircuit("").request, null);
  assert.equal(writeCircuit(null, { view: "groups", x: 0 }), "#");
});

Deno.test("a link that asks what was recorded is answered by the recording, and no other", () => {
  const { request } = readCircuit("#prompt=Is+Jo%3F&beside=Is+Bo%3F");
  const resolved = { ...request, model: "m", entity: { start: 3, end: 5 }, n_nodes: 160 };
  assert.ok(sameQuestion(request, resolved));
  assert.ok(!sameQuestion({ ...request, entity: { start: 0, end: 2 } }, resolved));
  assert.ok(!sameQuestion({ ...request, hold: [{}] }, resolved));
  assert.ok(!sameQuestion({ ...request, basis: "neurons" }, resolved));
  assert.ok(!sameQuestion({ ...request, beside: null }, resolved));
  assert.ok(!sameQuestion(request, { ...resolved, target: { kind: "opening" } }), "of two tokens, as older ones are");
});
