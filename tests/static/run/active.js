// Every active latent that the page knows of a run, for Python to compare with the frames.

import { activeAt, valueAt } from "/static/run/latents/active.js";
import { newRun, reduce } from "/static/run/run.js";

/** By dictionary, arm and place: [latent, value], largest first; null where nothing was read. */
export function active(frames, dictionaries) {
  const run = frames.reduce(reduce, newRun(null));
  const places = ({ tokens }) => [...run.start.tokens, ...tokens].map((_, pos) => pos);
  const pairs = (list) => list?.map(({ latent, value }) => [latent, value]) ?? null;
  return dictionaries.map((id) => run.arms.map((arm, i) => places(arm).map((pos) => pairs(activeAt(run, i, id, pos)))));
}

/** Of the first latent of a dictionary that is not among the active ones at a place. */
export function silent(frames, dictionary, pos) {
  const run = frames.reduce(reduce, newRun(null));
  const there = activeAt(run, 0, dictionary, pos).map(({ latent }) => latent);
  const latent = [...Array(514).keys()].find((one) => !there.includes(one));
  return valueAt(run, 0, { dictionary, latent }, pos);
}
