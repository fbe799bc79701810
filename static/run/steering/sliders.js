// What can be pushed and how hard: sliders as plain values, and what choosing one means. Pure but for the functions
// at the end, which write a page's channels. Knows nothing about elements, runs on their way or the network.

import { DEFAULT_MODE, DEFAULT_SCOPE, UNITS } from "../../core/protocol.js";
import { onNeurons, same, titled } from "../names.js";
import { modeOf, unitOf } from "./amount.js";

/**
 * @typedef {{ target: object, mode: string, unit: string, scope: string, positions: number[], generated: boolean,
 *             to: object|null, strengths: number[], role: string, label: string, short: string, evidence: string|null }} Slider
 * strengths: those that are computed at once, without the idle one. A value is a strength, or null: nothing is done.
 */

const GRID = steps(-0.5, 1.5, 0.125);

/** @returns {Slider[]} */
export const slidersOf = (card) => card.directions.map((direction) => sliderOf(direction, card));

/**
 * Of what a request sweeps and holds, swept ones first; `values` are null but for those that are held. A run that
 * answered it names them where the card doesn't.
 */
export function slidersOfRequest(request, card, run = null) {
  const sweeps = (request.sweeps ?? []).map((sweep, i) => sliderOf(sweep, card, run?.start.sweeps[i], run));
  const held = (request.hold ?? []).map((hold) => {
    const slider = sliderOf({ ...hold, strengths: [] }, card);
    return { ...slider, strengths: gridOf(slider, card) };
  });
  return {
    sliders: [...sweeps, ...held],
    values: [...sweeps.map(() => null), ...(request.hold ?? []).map((h) => h.strength)],
  };
}

/** A latent or direction that was pinned, with the strengths that its card validated, else the usual ones. */
export function sliderFor(target, card) {
  if (onNeurons(target)) return sliderOf({ target, ...SCALED, strengths: FACTORS }, card);
  const known = validated(target, card);
  return sliderOf(known ?? { target, scope: "entity", strengths: GRID }, card);
}

/** The same target pushed another way: mode, unit, scope, positions, generated, to. Strengths follow mode and unit. */
export function changed(slider, change, card) {
  const next = { ...slider, ...change };
  const { units, needs_to } = modeOf(next);
  if (!units.includes(next.unit)) next.unit = units[0];
  if (!needs_to) next.to = null;
  if (next.scope !== "positions") next.positions = [];
  if (next.mode !== slider.mode || next.unit !== slider.unit) next.strengths = gridOf(next, card);
  return next;
}

/** Where a slider pushes before tokens are chosen for it: the scope that was validated, or all of the name. */
export const namedScope = (slider, card) => sliderFor(slider.target, card).scope;

/** Tokens that were chosen are of one prompt; on another, the named scope. */
export const withNamedScope = (slider, card) =>
  slider.scope === "positions" ? changed(slider, { scope: namedScope(slider, card) }, card) : slider;

/** What a request says of a slider, without its strengths. */
export function steeringOf({ target, mode, unit, scope, positions, generated, to }) {
  return { target, mode, unit, scope, positions, generated, to };
}

export const sameSteering = (a, b) =>
  same(a.target, b.target) &&
  ["mode", "scope", "generated"].every((name) => (a[name] ?? DEFAULT[name]) === (b[name] ?? DEFAULT[name])) &&
  unitOf(a) === unitOf(b) &&
  String(a.positions ?? []) === String(b.positions ?? []) &&
  (a.to || b.to ? Boolean(a.to && b.to && same(a.to, b.to)) : true);

/** Computed strengths, with the idle one where there is one, ascending. */
export function stopsOf(slider) {
  const idle = modeOf(slider).idle;
  return [...slider.strengths, ...(idle === null ? [] : [idle])].sort((a, b) => a - b);
}

/** Lowest and highest strength that a slider's track shows, its value among them. @returns {[number, number]} */
export function rangeOf(slider, value = null) {
  const all = [...stopsOf(slider), ...(value === null ? [] : [value])];
  return all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
}

export const nearest = (stops, x) =>
  stops.reduce((best, stop) => (Math.abs(stop - x) < Math.abs(best - x) ? stop : best));

export const isIdle = (slider, value) => value === null || value === modeOf(slider).idle;

/** Every slider that does not rest, with its strength. */
export const pushing = (sliders, values) =>
  sliders
    .map((slider, i) => ({ ...slider, strength: values[i] ?? null }))
    .filter((one) => !isIdle(one, one.strength));

/** Whether two lists of steerings with strengths push the same, in any order. */
export const samePushes = (a, b) =>
  a.length === b.length &&
  a.every((one) => b.some((other) => one.strength === other.strength && sameSteering(one, other)));

/** The bounds that the protocol sets, for a number that is typed. @returns {[number, number]} */
export const boundsOf = ({ unit }) => [UNITS[unit].lowest, UNITS[unit].highest];

/** A sentence where a push is longer than any that was validated for its target, else null. */
export function farOff(slider, value, card) {
  if (!card || isIdle(slider, value) || !UNITS[slider.unit].is_length) return null;
  const r = card?.residual_norm?.[layerOf(slider.target, card)];
  const m = slider.unit === "raw" ? (r ? value / r : null) : value;
  if (m === null) return null;
  const known = validated(slider.target, card);
  const most = known ? Math.max(...known.strengths.map(Math.abs)) : 1;
  if (Math.abs(m) <= most + 1e-9) return null;
  return known
    ? `Beyond ±${most} r̄, the most that was validated for this direction: expect text far off distribution.`
    : `Longer than the residual stream itself (1 r̄) along a direction that nobody validated: expect text far off distribution.`;
}

/** The layer of a target's site, as sae-lens counts; undefined if the card doesn't say. */
export function layerOf(target, card) {
  if (target.kind === "random") return layerOf(target.like, card);
  if (onNeurons(target)) return target.layer ?? Math.min(...target.neurons.map(([layer]) => layer));
  const list = target.kind === "vector" ? card?.vectors?.map((v) => ({ ...v, id: v.name })) : card?.dictionaries;
  return list?.find(({ id }) => id === (target.kind === "vector" ? target.name : target.dictionary))?.layer;
}

/** What the views of a run read: which of its sweeps the active slider is, and how hard it pushes; sweep null: it rests. */
export function steerIn(run, sliders, values, active) {
  const slider = sliders[active];
  if (!slider || isIdle(slider, values[active])) return { sweep: null, strength: 0 };
  return { sweep: sweepOf(run, slider), strength: values[active] };
}

/** Which of a run's sweeps a slider is, -1 if none. */
export function sweepOf(run, slider) {
  const sweeps = run?.start?.request.sweeps ?? run?.request?.sweeps ?? [];
  return slider ? sweeps.findIndex((one) => sameSteering(one, slider)) : -1;
}

// ---- what writes channels

/** Sets a slider's value. Where only what was recorded can be shown, the others go back to rest. */
export function choose(state, index, value) {
  const values = [...state.get("values")];
  if (!state.get("live")) values.fill(null);
  values[index] = isIdle(state.get("sliders")[index], value) ? null : value;
  state.set("active", index);
  if (String(values) !== String(state.get("values"))) state.set("values", values);
}

/** The same for the slider that was touched last. */
export const goTo = (state, value) => choose(state, state.get("active"), value);

/** Shows another slider's curve; nothing moves. */
export const activate = (state, index) => state.set("active", index);

export function resetAll(state) {
  state.set("values", state.get("sliders").map(() => null));
}

export function replaceSlider(state, index, slider) {
  const sliders = [...state.get("sliders")];
  const other = slider.mode !== sliders[index].mode || slider.unit !== sliders[index].unit;
  sliders[index] = slider;
  if (other) state.set("values", state.get("values").map((value, i) => (i === index ? null : value)));
  state.set("sliders", sliders);
}

/** Adds a slider, or activates the one that has this target already. */
export function addSlider(state, slider) {
  const at = state.get("sliders").findIndex(({ target }) => same(target, slider.target));
  if (at >= 0) return activate(state, at);
  state.set("values", [...state.get("values"), null]);
  state.set("sliders", [...state.get("sliders"), slider]);
  activate(state, state.get("sliders").length - 1);
}

export function removeSlider(state, index) {
  const without = (list) => list.filter((_, i) => i !== index);
  const active = state.get("active");
  state.set("values", without(state.get("values")));
  state.set("sliders", without(state.get("sliders")));
  activate(state, Math.max(0, Math.min(active > index ? active - 1 : active, state.get("sliders").length - 1)));
}

// ---- below: how a slider is made

/** Neurons are scaled wherever the model reads or writes, as the study's dial does. */
const SCALED = { mode: "scale", unit: "factor", scope: "prompt", generated: true };
const FACTORS = [0, 0.5, 1.5, 2, 3];
const DEFAULT = { mode: DEFAULT_MODE, scope: DEFAULT_SCOPE, generated: false };

function sliderOf(steering, card, named, run = null) {
  const slider = {
    target: steering.target,
    mode: steering.mode ?? DEFAULT.mode,
    unit: unitOf(steering),
    scope: steering.scope ?? DEFAULT.scope,
    positions: steering.positions ?? [],
    generated: steering.generated ?? DEFAULT.generated,
    to: steering.to ?? null,
    strengths: [...(steering.strengths ?? [])],
  };
  return {
    ...slider,
    ...titled(slider.target, named, card, run),
    evidence: validated(slider.target, card)?.evidence ?? null,
  };
}

const validated = (target, card) =>
  [...(card?.directions ?? []), ...(card?.more_directions ?? [])].find((direction) => same(direction.target, target));

/** Strengths worth computing in a mode and unit, without the idle one. */
function gridOf({ target, mode, unit }, card) {
  const known = validated(target, card);
  const grid = known?.unit === "residual_norm" ? [...known.strengths] : GRID;
  const r = card?.residual_norm?.[layerOf(target, card)] ?? 40;
  return {
    residual_norm: () => grid,
    raw: () => [...new Set(grid.map((m) => round2(m * r)))],
    activation: () => [...new Set(steps(0, 1.25, 0.125).concat(0).map((m) => round2(m * r)))].sort((a, b) => a - b),
    factor: () => [-2, -1, 0, 0.25, 0.5, 0.75, 1.25, 1.5, 2, 3, 4],
    share: () => steps(0, 1, 0.125),
  }[unit]().filter((x) => x !== modeOf({ mode }).idle);
}

function steps(low, high, step) {
  const all = Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) => low + i * step);
  return all.filter((x) => x !== 0);
}

const round2 = (x) => Number(x.toPrecision(2));
