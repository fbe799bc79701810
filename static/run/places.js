// Which tokens a push touches: by a slider's scope, as the worker reads it, and as a run says. Pure.

import { armAt } from "./run.js";

/** Prompt tokens that a slider's scope means; BOS never is among them. `start` is a run's first frame. */
export function placesOf({ scope, positions }, { tokens, entity }) {
  const end = tokens.length;
  const from = (first, last) => Array.from({ length: last - first }, (_, i) => first + i);
  const chosen = {
    last_entity: () => [entity.end - 1],
    entity: () => from(entity.start, entity.end),
    entity_to_end: () => from(entity.start, end),
    last_entity_to_end: () => from(entity.end - 1, end),
    last_prompt: () => [end - 1],
    prompt: () => from(0, end),
    positions: () => positions.filter((pos) => pos < end),
  }[scope]();
  return chosen.filter((pos) => tokens[pos].role !== "bos");
}

/** The change that takes one more token into a slider's places, or out of them; out of the last one: `scope` again. */
export function toggled(slider, pos, start, scope) {
  const places = placesOf(slider, start);
  const next = places.includes(pos) ? places.filter((one) => one !== pos) : [...places, pos].sort((a, b) => a - b);
  return next.length || slider.generated ? { scope: "positions", positions: next } : { scope };
}

/**
 * What is pushed in what is shown, also while its numbers are on their way.
 * @returns {{ prompt: Set<number>, answer: boolean }}
 */
export function pushedIn(run, steer) {
  const { request, sweeps, held = [], arms } = run.start;
  const arm = armAt(run, steer);
  const sweep = steer.sweep === null ? null : sweeps[steer.sweep];
  const own = sweep && { used: sweep, asked: request.sweeps[steer.sweep] };
  const others = arm < 0 || arms[arm].held ? held.map((used, i) => ({ used, asked: request.hold[i] })) : [];
  const all = [own, ...others].filter(Boolean);
  return {
    prompt: new Set(all.flatMap(({ used }) => used.positions)),
    answer: all.some(({ asked }) => asked.generated),
  };
}

/** Neighbours joined: [8, 9, 10, 13] → [[8, 10], [13, 13]]. */
export function stretches(positions) {
  /** @type {[number, number][]} */
  const result = [];
  for (const pos of [...positions].sort((a, b) => a - b)) {
    const last = result.at(-1);
    if (last && last[1] === pos - 1) last[1] = pos;
    else result.push([pos, pos]);
  }
  return result;
}
