import assert from "../assert.js";
import { jsonLines } from "/static/core/jsonl.js";

const bytes = (text) => new TextEncoder().encode(text);

async function read(chunks) {
  const found = [];
  for await (const value of jsonLines(ReadableStream.from(chunks))) found.push(value);
  return found;
}

Deno.test("lines are whole however the network cut them, inside a character too", async () => {
  const all = bytes('{"a":"é"}\n\n[1,2]\n');
  const expected = [{ a: "é" }, [1, 2]];
  for (let at = 0; at <= all.length; at++) {
    assert.deepEqual(await read([all.slice(0, at), all.slice(at)]), expected, `cut at ${at}`);
  }
});

Deno.test("a last line without its newline was cut, and is left out", async () => {
  assert.deepEqual(await read([bytes('{"a":1}\n{"b":2}')]), [{ a: 1 }]);
});

Deno.test("who stops reading frees the stream", async () => {
  let freed = false;
  const body = new ReadableStream({
    pull: (stream) => stream.enqueue(bytes("1\n")),
    cancel: () => {
      freed = true;
    },
  });
  for await (const _ of jsonLines(body)) break;
  await new Promise((done) => setTimeout(done));
  assert.ok(freed);
});
