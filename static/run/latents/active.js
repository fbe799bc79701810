// What `Latents` frames say: the active latents of a dictionary at each token of an answer, read where a run was asked
// for them. A frame is decoded when it is first asked about, once. Knows nothing about the page.

import { isOpen } from "../run.js";

/** @typedef {{ latent: number, value: number }} Active */
/** @typedef {{ value: number, atMost: boolean }} Reading atMost: too small to be among those that were read */

/**
 * Active latents at a place, largest first; null where they were not read, or are not here yet.
 * @param {object} run @param {number} arm @param {string} dictionary
 * @param {number} pos counted through the prompt and then the answer of that arm
 * @returns {Active[]|null}
 */
export function activeAt(run, arm, dictionary, pos) {
  if (!run?.start || !isRead(run, dictionary)) return null;
  const frame = frameAt(run, arm, dictionary, pos);
  if (frame) return tokenOf(frame, pos - frame.pos);
  // A steered arm's prompt begins at its first steered token, before which it is the baseline's.
  const inPrompt = pos < run.start.tokens.length;
  return arm && inPrompt && promptsAreHere(run) ? activeAt(run, 0, dictionary, pos) : null;
}

/** One latent's value at a place, null where it can't be known. @returns {Reading|null} */
export function valueAt(run, arm, { dictionary, latent }, pos) {
  const active = activeAt(run, arm, dictionary, pos);
  if (!active) return null;
  const found = active.find((one) => one.latent === latent);
  if (found) return { value: found.value, atMost: false };
  const { top } = run.start.request.read.find((read) => read.dictionary === dictionary);
  const all = !top || active.length < top;
  return all ? { value: 0, atMost: false } : { value: active.at(-1).value, atMost: true };
}

export const isRead = (run, dictionary) =>
  Boolean(run?.start?.request.read?.some((read) => read.dictionary === dictionary));

/** Fraction of variance that a dictionary leaves unexplained on the prompt's tokens; null if not measured. */
export function fvuOf(run, dictionary) {
  const at = run?.start?.dictionaries.findIndex(({ id }) => id === dictionary) ?? -1;
  return run?.prompt?.fvu[at] ?? null;
}

const frameAt = (run, arm, dictionary, pos) =>
  run.latents.find(
    (frame) =>
      frame.arm === arm &&
      (frame.sample ?? 0) === 0 &&
      frame.dictionary === dictionary &&
      frame.pos <= pos &&
      pos < frame.pos + frame.counts.length,
  );

// All prompts are told before the first step of the answers.
const promptsAreHere = (run) => !isOpen(run) || run.arms.some(({ tokens }) => tokens.length > 0);

function tokenOf(frame, place) {
  const { starts, latents, values } = decode(frame);
  const active = [];
  for (let i = starts[place]; i < starts[place + 1]; i++) active.push({ latent: latents[i], value: values[i] });
  return active.sort((a, b) => b.value - a.value || a.latent - b.latent);
}

const decoded = new WeakMap();

// protocol/worker/frames.py, Latents: all indices, then all activations, little-endian.
function decode(frame) {
  let found = decoded.get(frame);
  if (!found) {
    const bytes = new DataView(Uint8Array.from(atob(frame.data), (c) => c.charCodeAt(0)).buffer);
    const starts = [0];
    for (const count of frame.counts) starts.push(starts.at(-1) + count);
    const n = starts.at(-1);
    const width = frame.index_bytes;
    const index = (i) => (width === 2 ? bytes.getUint16(2 * i, true) : bytes.getUint32(4 * i, true));
    found = {
      starts,
      latents: Uint32Array.from({ length: n }, (_, i) => index(i)),
      values: Float32Array.from({ length: n }, (_, i) => bytes.getFloat32(n * width + 4 * i, true)),
    };
    decoded.set(frame, found);
  }
  return found;
}
