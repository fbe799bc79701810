// Calls functions of modules for Python (javascript.py): a line { module, name, values } is answered with one
// { value }, or { thrown } with the stack.

import { jsonLines } from "/static/core/jsonl.js";

const ROOT = new URL("../../", import.meta.url);
const out = new TextEncoder();

for await (const { module, name, values } of jsonLines(Deno.stdin.readable)) {
  let answer;
  try {
    answer = { value: await (await import(new URL(module, ROOT).href))[name](...values) };
  } catch (error) {
    answer = { thrown: error.stack };
  }
  await Deno.stdout.write(out.encode(`${JSON.stringify(answer)}\n`));
}
