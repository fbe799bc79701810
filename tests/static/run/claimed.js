// What the page says of the only pushed arm of a recording: the sentence above the answers, and a finding's title.

import { claim, headline } from "/static/run/verdicts.js";
import { newRun, reduce } from "/static/run/run.js";

export function claimed(lines) {
  const run = { ...lines.map((line) => JSON.parse(line)).reduce(reduce, newRun(null)), phase: "done" };
  const now = { ...run, request: run.start.request };
  const steer = { sweep: 0, strength: run.start.arms.at(-1).strength };
  return { claim: claim(now, steer, null).map(({ text }) => text).join(""), title: headline(now, steer, null) };
}
