import { namesBeside } from "/static/circuit/columns/alone.js";
import assert from "../assert.js";

const one = (role, name) => ({ role, story: role, name, prompt: `Who is ${name}?` });
const card = { examples: [[one("known", "Jo"), one("unknown", "Bo")], [one("known", "Rome"), one("unknown", "Rum")]] };
const found = (prompt, name, refuses) => namesBeside(card, { prompt, name, refuses }).map((other) => other.prompt);

Deno.test("beside one prompt alone the examples' other kind of name is offered, its own partner first", () => {
  assert.deepEqual(found("Who is Rome?", "Rome", false), ["Who is Rum?", "Who is Bo?"]);
  assert.deepEqual(found("Where lives Anna Bell?", "Anna Bell", true), ["Where lives Jo?", "Where lives Rome?"]);
});

Deno.test("a prompt without a name, and a model without examples, have nothing to offer", () => {
  assert.deepEqual(found("Why is the sky blue?", "", true), []);
  assert.deepEqual(namesBeside(null, { prompt: "Who is Jo?", name: "Jo", refuses: false }), []);
});
