import { drawn, finding, recordedFrames } from "/static/core/api.js";
import { addressOf } from "/static/core/root.js";
import assert from "../assert.js";

const page = (root) =>
  Object.assign(globalThis, { document: { documentElement: { dataset: { root } }, getElementById: () => null } });

Deno.test("an address of the app is below the path where the page says that it stands", () => {
  delete globalThis.document;
  assert.deepEqual(addressOf("/f/abc"), "/f/abc", "without a page");
  page("");
  assert.deepEqual(addressOf("/f/abc"), "/f/abc");
  page("/tools/hallu");
  assert.deepEqual(addressOf("/#prompt=x"), "/tools/hallu/#prompt=x");
  delete globalThis.document;
});

Deno.test("what is asked of the app is asked there; an address of this page is whole already", async () => {
  const asked = [];
  const real = globalThis.fetch;
  globalThis.fetch = (url) => {
    asked.push(url);
    return Promise.resolve(new Response("{}", { status: 500 }));
  };
  page("/tools/hallu");
  const quiet = (asking) => asking.catch(() => {});
  await quiet(finding("abc"));
  await quiet(recordedFrames("/static/first/explore.jsonl").next());
  await quiet(drawn("/tools/hallu/findings?q=x", "found"));
  globalThis.fetch = real;
  delete globalThis.document;
  assert.deepEqual(asked, [
    "/tools/hallu/api/findings/abc",
    "/tools/hallu/static/first/explore.jsonl",
    "/tools/hallu/findings?q=x",
  ]);
});
