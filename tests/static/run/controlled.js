// The sentence on a control of n directions, n_refusing of which open with a refusal.

import { controlSentence } from "/static/run/verdicts.js";

export function sentenceOn({ n, n_refusing }, base, verdict) {
  const values = Array.from({ length: n }, (_, i) => (i < n_refusing ? 1 : -1));
  const run = { controls: new Map([["0/1", values]]), request: {} };
  return controlSentence(run, { sweep: 0, strength: 1 }, base, verdict);
}
