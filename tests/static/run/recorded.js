// The page's first view, as it ships: a whole run of the embedded model, three sweeps with controls.

import { newRun, reduce } from "/static/run/run.js";

const FILE = new URL("../../../static/first/explore.jsonl", import.meta.url);

export const frames = Deno.readTextFileSync(FILE).trim().split("\n").map((line) => JSON.parse(line));

export const runOf = (some) => some.reduce(reduce, newRun(null));
