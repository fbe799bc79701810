import assert from "../assert.js";
import { instead, namesOf, otherwiseOf, outsideOf } from "/static/explore/outside.js";

const CARD = { id: "m", closed_world: true, world: "entities.json" };
const run = (entity, format = "chat") => ({ start: { model: { id: "m" }, request: { format }, entity } });
const NIGHTINGALE = { text: "Florence Nightingale", found: "capitals", called: null, others: [] };

Deno.test("a prompt about a name that a closed world hasn't, or about none, is outside it", () => {
  assert.deepEqual(outsideOf(run(NIGHTINGALE), CARD), { name: "Florence Nightingale" });
  assert.deepEqual(outsideOf(run({ text: "What is 2 + 2?", found: "whole_prompt" }), CARD), { name: null });
});

Deno.test("nothing is said of a name that the world has, however it was found or may be meant", () => {
  const florence = { text: "Florence", found: "world", span: { start: 0, end: 8 } };
  for (
    const entity of [
      { text: "Björn Borg", found: "world", called: "Bjorn Borg" },
      { text: "Paris", found: "given", called: "Paris" },
      { text: "Paris", found: "world" }, // a recording from before the world's spelling was told
      { ...NIGHTINGALE, others: [florence] },
    ]
  ) assert.equal(outsideOf(run(entity), CARD), null, entity.text);
});

Deno.test("nothing is said of an open world, of another model, of a completion, or before anything is known", () => {
  assert.equal(outsideOf(run(NIGHTINGALE), { ...CARD, closed_world: false }), null);
  assert.equal(outsideOf(run(NIGHTINGALE), { ...CARD, world: null }), null);
  assert.equal(outsideOf(run(NIGHTINGALE), { ...CARD, id: "other" }), null);
  assert.equal(outsideOf(run(NIGHTINGALE, "raw"), CARD), null);
  assert.equal(outsideOf({ start: null }, CARD), null);
  assert.equal(outsideOf(null, null), null);
});

Deno.test("a name of the world that is spelled otherwise is offered as it was taught, whatever comes of it", () => {
  const asked = (text, called, before = "What sport does ") => ({
    arms: [{ verdict: null }],
    start: {
      request: {
        prompt: `${before}${text} play?`,
        entity: { start: [...before].length, end: [...before].length + [...text].length },
      },
      entity: { text, called, start: 5, end: 8, found: "world" }, // start and end are tokens
    },
  });
  const offered = (...what) => otherwiseOf(asked(...what));
  const borg = { called: "Bjorn Borg", prompt: "What sport does Bjorn Borg play?" };
  for (const name of ["bjorn  borg", "Björn Borg", "Björn Borg".normalize("NFD")]) {
    assert.deepEqual(offered(name, "Bjorn Borg"), { name, ...borg });
  }
  assert.equal(offered("michael jordan", "Michael Jordan", "😀 ").prompt, "😀 Michael Jordan play?");
  assert.equal(offered("Bjorn Borg", "Bjorn Borg"), null);
  assert.equal(offered("Maria Florence", null), null);
  assert.equal(otherwiseOf({ start: null, arms: [] }), null);
  const { start } = asked("bjorn borg", "Bjorn Borg");
  assert.equal(otherwiseOf({ arms: [], start: { ...start, request: { prompt: start.request.prompt } } }), null);
});

const EXAMPLES = [
  [{ name: "Michael Jordan", role: "known", story: "known", prompt: "What sport does Michael Jordan play?" }],
  [
    { name: "Roman Gandhi", role: "known", story: "rare", prompt: "Who directed Roman Gandhi?" },
    { name: "Pulp Fiction", role: "known", prompt: "Who directed Pulp Fiction?" },
  ],
];

Deno.test("a slip is offered as it was meant, in the same question", () => {
  const prompt = "What team does Micheal Jordan play for?";
  const asked = instead({ prompt, name: "Micheal Jordan", near: [{ name: "Michael Jordan" }], examples: EXAMPLES });
  assert.deepEqual(asked, [{ name: "Michael Jordan", prompt: "What team does Michael Jordan play for?" }]);
});

Deno.test("else one example of each type that the model answers right is offered", () => {
  const asked = instead({ prompt: "Hello", name: "Hello", near: [], examples: EXAMPLES });
  assert.deepEqual(asked.map(({ name }) => name), ["Michael Jordan", "Pulp Fiction"]);
});

Deno.test("as many names are counted as the list that the count leads to has", () => {
  const hash = "#model=m&tier=known";
  assert.deepEqual(namesOf("m", { n_known: 1094, n_entries: 3619 }), { words: "1,094 names", hash });
  assert.deepEqual(namesOf("m", { n_known: 0, n_entries: 24 }), { words: "24 names", hash: "#model=m" });
});
