// What to call the latents and directions of a run: a role, a label and a short name.
// A recording names them itself; where it doesn't, the model's card does; else they stay "other".

import { count } from "../core/format.js";

/** @typedef {{ target: object, role: "known"|"unknown"|"other", label: string, short: string }} Named */

/** The watched latents, in the order of the recorded activations. @returns {Named[]} */
export function watches(run, card) {
  const targets = run?.start ? run.start.request.watch : card?.watch.map((watched) => watched.target);
  return (targets ?? []).map((target, i) => {
    const own = run?.start?.watched?.[i];
    const known = own ?? card?.watch.find((watched) => same(watched.target, target));
    return named(target, known, run, card);
  });
}

/** The sliders: the sweeps of a run, or before it those of the card. @returns {(Named & object)[]} */
export function directions(run, card) {
  const sweeps = run?.start ? run.start.request.sweeps : run?.request?.sweeps;
  return (sweeps ?? card?.directions ?? []).map((sweep, i) => {
    const used = run?.start?.sweeps[i];
    const own = used?.label ? used : card?.directions.find((direction) => same(direction.target, sweep.target));
    return { ...sweep, ...named(sweep.target, own, run, card), used };
  });
}

/** The first answer tokens that open a refusal, as far as they are known. */
export function opensRefusal(token, card) {
  return token.opens_refusal ?? card?.refusal_openings.includes(token.text) ?? false;
}

/** Index of the watched latent to measure a push with: the one it steers, else one of its role; -1 if there is none. */
export function watchOf(direction, watched) {
  const own = watched.findIndex(({ target }) => same(target, readOf(direction.target)));
  return own >= 0 ? own : watched.findIndex(({ role }) => role !== "other" && role === direction.role);
}

/** Role, label and short name of a target by what a recording or a card says of it (`own`, if anything does). */
export function titled(target, own, card, run = null) {
  const known = own ??
    [...(card?.directions ?? []), ...(card?.more_directions ?? []), ...(card?.watch ?? [])].find((one) =>
      same(one.target, target)
    );
  return named(target, known, run, card);
}

/** The latent that a swap moves a value to, by its short name; undefined where nothing is moved. */
export const movedTo = ({ to }, card, run = null) => (to ? titled(to, null, card, run).short : undefined);

function named(target, own, run, card) {
  const short = shortOf(target, run, card);
  return { target, role: own?.role ?? "other", label: labelWords(own?.label) || short, short };
}

function shortOf(target, run, card) {
  if (target.kind === "random") {
    const drawn = `random ${target.index ?? 0}${target.seed ? ` of seed ${target.seed}` : ""}`;
    return `${drawn}, like ${shortOf(target.like, run, card)}`;
  }
  if (target.kind === "neuron") return `L${target.layer} neuron ${target.index}`;
  if (target.kind === "neurons") return target.name || count(target.neurons.length, "neuron");
  return target.kind === "vector" ? target.name : `${layerOf(target.dictionary, run, card)} #${target.latent}`;
}

/** "known entity (latent 55, layer 3)" without its brackets: the short name says them already (app/wording/words.py). */
export function labelWords(label = "") {
  const words = label.replace(/\s*\([^()]*\)$/, "");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function layerOf(dictionary, run, card) {
  const found = [...(run?.start?.dictionaries ?? []), ...(card?.dictionaries ?? [])].find(
    ({ id }) => id === dictionary,
  );
  return found ? `L${found.layer}` : dictionary;
}

/** Whether two targets are one, however they are spelled. */
export const same = (a, b) => keyOf(a) === keyOf(b);

/** A target as text: equal for equal ones. Recordings, cards and links order its keys as they like and leave out what is usual. */
export function keyOf({ kind = "latent", dictionary, latent, layer, neurons, name, like, seed = 0, index = 0 }) {
  if (kind === "random") return JSON.stringify([kind, keyOf(like), seed, index]);
  if (kind === "neuron") return JSON.stringify([kind, layer, index]);
  if (kind === "neurons") return JSON.stringify([kind, neurons, name ?? null]);
  return JSON.stringify(kind === "vector" ? [kind, name] : [kind, dictionary, latent]);
}

/** Neurons are scaled, and nothing else can be done to them. */
export const onNeurons = (target) => ["neuron", "neurons"].includes(readOf(target).kind);

/** What stands in for a push along or on this target. */
export const standIns = (target) => (target && onNeurons(target) ? "random neurons" : "random directions");

/** Whose activation and whose site hold: the target's own, or of what a random direction stands for. */
export const readOf = (target) => (target.kind === "random" ? target.like : target);
