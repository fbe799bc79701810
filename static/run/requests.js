// What the page asks of the worker, from what can be seen on it: requests as plain values. Pure.

import { MAX_ARMS, MAX_READ, MAX_STRENGTHS, MAX_SWEEPS, MODES } from "../core/protocol.js";
import { isIdle, pushing, steeringOf, withNamedScope } from "./steering/sliders.js";

/**
 * @typedef {{ card: object, prompt: string, format: import("../core/protocol.js").Format, span: object|null, watching: object[]|null,
 *             base: object|null, sliders: import("./steering/sliders.js").Slider[], values: (number|null)[], active: number }} Seen
 * base: a whole request that was handed over; what the page doesn't set itself is taken from it
 */

const TOP = 24; // latents that are read at a token
const CONTROLS = { n_directions: 32, seed: 0 };
const OWN = ["prompt", "format", "sweeps", "hold", "entity", "watch"];

/** Every slider but the active one that pushes. */
export const heldOf = ({ sliders, values, active }) =>
  pushing(
    sliders,
    values.map((value, i) => (i === active ? null : value)),
  ).map((one) => ({ ...steeringOf(one), strength: one.strength }));

/** Answers at every strength of the active slider, and of the others as far as nothing is held and they fit. */
export function wholeRequest(seen) {
  const hold = heldOf(seen);
  const list = seen.sliders.filter((slider) => slider.strengths.length);
  const active = seen.sliders[seen.active];
  let room = MAX_ARMS - 1 - (hold.length ? 1 : 0) - (active?.strengths.length ?? 0);
  const others = hold.length ? [] : list.filter((slider) => slider !== active);
  const kept = others.filter((slider, i) => i < MAX_SWEEPS - 1 && (room -= slider.strengths.length) >= 0);
  const sweeps = list.filter((slider) => slider === active || kept.includes(slider));
  return { ...question(seen), hold, sweeps: sweeps.map((slider) => sweepAt(slider, slider.strengths)) };
}

/** The active slider at its value alone. */
export function pointRequest(seen) {
  return { ...question(seen), hold: heldOf(seen), sweeps: [sweepAt(...activeAt(seen))] };
}

/** The whole, with the active slider's value among its strengths: one run that holds all that is shown. */
export function sharedRequest(seen) {
  const [active, [value]] = activeAt(seen);
  if (isIdle(active, value) || active.strengths.includes(value)) return wholeRequest(seen);
  const strengths = [...active.strengths.slice(0, MAX_STRENGTHS - 1), value].sort((a, b) => a - b);
  const sliders = seen.sliders.map((slider) => (slider === active ? { ...slider, strengths } : slider));
  return wholeRequest({ ...seen, sliders });
}

/** The largest latents of every dictionary, of the baseline and of what is shown. */
export function lookRequest(seen) {
  const dictionaries = seen.card.dictionaries.slice(0, MAX_READ);
  const read = dictionaries.map(({ id, d_sae }) => ({ dictionary: id, top: Math.min(TOP, d_sae) }));
  return { ...bare(seen), watch: [], read, hold: heldOf(seen), sweeps: shownSweeps(seen) };
}

/** What is shown, along one random direction instead: all strengths of the active slider, its value among them. */
export function randomRequest(seen, { index }) {
  const [active, [value]] = activeAt(seen);
  const strengths = new Set(active.strengths);
  if (!isIdle(active, value)) strengths.add(value);
  const sweep = sweepAt({ ...active, target: randomLike(active.target, index) }, [...strengths].slice(-MAX_STRENGTHS));
  return { ...bare(seen), hold: heldOf(seen), sweeps: [sweep] };
}

/** Several answers each: of the baseline, of what is shown, and of a random direction if one is asked for. */
export function samplesRequest(seen, { n, temperature, seed = 0 }, random) {
  const sweeps = shownSweeps(seen);
  if (random && sweeps.length) sweeps.push({ ...sweeps[0], target: randomLike(sweeps[0].target, random.index) });
  const sampling = { temperature, top_p: 1, seed, n_samples: n };
  return { ...bare(seen), hold: heldOf(seen), sweeps, sampling };
}

/** The same pushes on another prompt, whose name is found or marked for itself. format: null: put as the first. */
export function otherRequest(seen, { prompt, format = null, span = null }) {
  const sliders = seen.sliders.map((slider) => withNamedScope(slider, seen.card));
  return { ...sharedRequest({ ...seen, sliders, span, format: format ?? seen.format }), prompt };
}

/** Can this direction be replaced by a random one? A mode that moves a value has two, and a random one is random already. */
export const hasRandom = (slider) => Boolean(slider) && !MODES[slider.mode].needs_to && slider.target.kind !== "random";

/** What two requests must agree in for their arms to be comparable: all but what is swept. */
export function questionKey(seen) {
  return JSON.stringify([question(seen), heldOf(seen)]);
}

// ---- parts of requests

function question({ card, prompt, format, span, watching, base }) {
  const kept = Object.fromEntries(Object.entries(base ?? {}).filter(([name]) => !OWN.includes(name)));
  return {
    kind: "generate",
    model: card.id,
    controls: CONTROLS,
    max_new_tokens: 32,
    ...kept,
    prompt,
    format,
    ...(span && { entity: span }),
    ...(watching && { watch: watching }),
  };
}

const bare = (seen) => ({ ...question(seen), controls: { n_directions: 0, seed: 0 } });

const sweepAt = (slider, strengths) => ({ ...steeringOf(slider), strengths });

const activeAt = ({ sliders, values, active }) => [sliders[active], [values[active]]];

function shownSweeps(seen) {
  const [active, value] = activeAt(seen);
  return active && !isIdle(active, value[0]) ? [sweepAt(active, value)] : [];
}

const randomLike = (target, index) => ({ kind: "random", like: target, seed: CONTROLS.seed, index });
