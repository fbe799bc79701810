import { keyOf } from "/static/core/keys.js";
import assert from "../assert.js";

// As browsers tell of the Enter that confirms a composition, and of the one after it.
const BROWSERS = {
  "Chrome, Firefox": [{ key: "Enter", keyCode: 229, isComposing: true }, {
    key: "Enter",
    keyCode: 13,
    isComposing: false,
  }],
  "Chrome on Windows": [{ key: "Process", keyCode: 229, isComposing: true }, {
    key: "Enter",
    keyCode: 13,
    isComposing: false,
  }],
  "keyCode 0": [{ key: "Enter", keyCode: 0, isComposing: true }, { key: "Enter", keyCode: 0, isComposing: false }],
  Safari: [{ key: "Enter", keyCode: 229, isComposing: false }, { key: "Enter", keyCode: 13, isComposing: false }],
};

for (const [browser, [confirms, presses]] of Object.entries(BROWSERS)) {
  Deno.test(`an Enter that confirms a composition is none for the page, the next one is: ${browser}`, () => {
    assert.equal(keyOf(/** @type {any} */ (confirms)), null);
    assert.equal(keyOf(/** @type {any} */ (presses)), "Enter");
  });
}

Deno.test("what else is pressed while one composes is not for the page either", () => {
  for (const key of ["Escape", "ArrowDown", "Tab"]) {
    assert.equal(keyOf(/** @type {any} */ ({ key, keyCode: 229, isComposing: true })), null);
    assert.equal(keyOf(/** @type {any} */ ({ key, keyCode: 27, isComposing: false })), key);
  }
});

Deno.test("no script asks an event itself which key it was", async () => {
  const bare = [];
  for await (const file of scripts("static")) {
    const text = await Deno.readTextFile(file);
    if (!file.endsWith("core/keys.js") && /\bevent\.(key|code|which|isComposing|keyCode)\b/.test(text)) bare.push(file);
  }
  assert.deepEqual(bare, []);
});

async function* scripts(folder) {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory && name !== "vendor") yield* scripts(`${folder}/${name}`);
    else if (name.endsWith(".js")) yield `${folder}/${name}`;
  }
}
