import assert from "../../assert.js";
import { readingOf } from "/static/run/tokens/reading.js";

const start = (entity) => ({ entity: { text: "Florence Nightingale", found: "capitals", ...entity } });
const FLORENCE = { span: { start: 11, end: 19 }, text: "Florence", found: "world" };

Deno.test("a name that is read as it is spelled, and could be nothing else, needs no words", () => {
  assert.equal(
    readingOf(start({ text: "Michael Jordan", found: "world", called: "Michael Jordan", others: [] })),
    null,
  );
  assert.equal(readingOf(start({})), null, "a recording from before readings were told");
  assert.equal(readingOf(null), null);
});

Deno.test("a name inside another is said to be there, why the longer one was read, and a press takes it", () => {
  assert.deepEqual(readingOf(start({ others: [FLORENCE] })), {
    said: "“Florence Nightingale”: it has capitals",
    offers: [{ text: "Florence", why: "a name of its world", span: { start: 11, end: 19 } }],
    marked: false,
  });
});

Deno.test("a spelling that is not the world's is told as the world's, and that it was not taught", () => {
  const reading = readingOf(start({ text: "Björn Borg", found: "world", called: "Bjorn Borg" }));
  assert.deepEqual([reading?.said, reading?.offers], [
    "“Bjorn Borg”: a name of its world, spelled otherwise than taught",
    [],
  ]);
});

Deno.test("a name that was marked says so, and can be found again", () => {
  const marked = readingOf(start({ text: "Florence", found: "given" }), { span: FLORENCE.span });
  assert.deepEqual([marked?.said, marked?.marked], ["“Florence”: you marked it", true]);
});

Deno.test("a name that was found anyway is not said to be marked, though a link or a finding holds it", () => {
  assert.equal(readingOf(start({ found: "world" }), { span: FLORENCE.span }), null);
  assert.equal(readingOf(start({ others: [FLORENCE] }), { span: { start: 0, end: 5 } })?.marked, false);
});

Deno.test("who marks a name reads how it was found, even where no name was", () => {
  assert.equal(readingOf(start({ found: "whole_prompt" }), { marking: true })?.said, "no name seen: the whole prompt");
});

Deno.test("a name that stands twice is told by which of the two it is", () => {
  const twice = (first) => ({
    request: { prompt: "😀 Michael Jordan and Michael Jordan" },
    entity: {
      text: "Michael Jordan",
      found: "world",
      others: [{ ...JORDAN, span: { start: first, end: first + 14 } }],
    },
  });
  const { said, offers } = readingOf(twice(21));
  assert.ok(said.startsWith("“Michael Jordan”, no. 1 of 2: "), said);
  assert.deepEqual(offers.map(({ text }) => text), ["Michael Jordan, no. 2 of 2"]);
  assert.ok(readingOf(twice(2)).said.startsWith("“Michael Jordan”, no. 2 of 2: "));
});

const JORDAN = { text: "Michael Jordan", found: "world" };
