// What a run amounts to so far: a pure fold of (request, frames), and questions about it.
// Knows nothing about the page, the network or the clock.

/**
 * @typedef {{ tokens: {id: number, text: string, logprob: number}[], readings: number[][], text: string,
 *             verdict: object|null }} ArmState  readings[i] belong to tokens[i] and come one step late
 * @typedef {{ request: object, phase: string, start: object|null, queued: number|null, prompt: object|null, arms: ArmState[],
 *             controls: Map<string, number[]>, done: object|null, refusal: object|null, frames: number }} Run
 *
 * phase: asking → running → done | error | cancelled | cut, or refused before the first frame
 * queued: place among those who wait for memory, 1 is next; null: it waits no more
 * Of several answers an arm only the first, sample 0, is shown.
 */

/** @returns {Run} */
export function newRun(request) {
  return {
    request,
    phase: "asking",
    start: null,
    queued: null,
    prompt: null,
    arms: [],
    controls: new Map(),
    done: null,
    refusal: null,
    frames: 0,
  };
}

/** @param {Run} run @returns {Run} */
export function reduce(run, frame) {
  const next = { ...run, frames: run.frames + 1 };
  switch (frame.kind) {
    case "start":
      return {
        ...next,
        phase: "running",
        start: frame,
        arms: frame.arms.map(() => ({ tokens: [], readings: [], text: "", verdict: null })),
      };
    case "queued":
      return { ...next, queued: frame.place };
    case "prompt":
      return { ...next, queued: null, prompt: frame };
    case "step": {
      const arms = [...run.arms];
      for (const { arm, activations } of frame.readings.filter(isFirst)) {
        arms[arm] = { ...arms[arm], readings: [...arms[arm].readings, activations] };
      }
      for (const token of frame.tokens.filter(isFirst)) {
        const old = arms[token.arm];
        arms[token.arm] = { ...old, tokens: [...old.tokens, token], text: old.text + token.text };
      }
      return { ...next, arms };
    }
    case "verdict": {
      if (!isFirst(frame)) return next;
      const arms = [...run.arms];
      arms[frame.arm] = { ...arms[frame.arm], verdict: frame, text: frame.text };
      return { ...next, arms };
    }
    case "control": {
      const controls = new Map(run.controls);
      controls.set(key(frame.sweep, frame.strength), frame.refusal_logodds);
      return { ...next, controls };
    }
    case "done":
      return { ...next, phase: "done", done: frame };
    case "error":
      return { ...next, phase: "error", refusal: frame.refusal };
    default:
      return next; // a kind of a later protocol
  }
}

/** The run as it stands when its stream ends without `done` or `error`. */
export function ended(run, phase, refusal = null) {
  return run.phase === "asking" || run.phase === "running" ? { ...run, phase, refusal } : run;
}

export const isOpen = (run) => run.phase === "asking" || run.phase === "running";

/** Index of the arm with this steering, 0 (the baseline) at strength 0, -1 if it was not run. */
export function armAt(run, { sweep, strength }) {
  if (strength === 0 || sweep === null) return run.start ? 0 : -1;
  return run.start ? run.start.arms.findIndex((arm) => arm.sweep === sweep && arm.strength === strength) : -1;
}

/** The arms of a sweep by ascending strength, the baseline among them at 0. */
export function points(run, sweep) {
  if (!run.start) return [];
  return run.start.arms
    .map(({ sweep, strength, alpha }, arm) => ({ sweep, strength, alpha, arm }))
    .filter((point) => point.arm === 0 || point.sweep === sweep)
    .sort((a, b) => a.strength - b.strength);
}

/** Log-odds of a refusal opening, null before the prompt pass. */
export const logodds = (run, arm) => run.prompt?.arms[arm]?.refusal_logodds ?? null;

/** Measured activation of a watched latent at a prompt position, null before the prompt pass. */
export const activation = (run, arm, watch, pos) => run.prompt?.arms[arm]?.activations[watch]?.[pos] ?? null;

export const lastEntity = (run) => (run.start ? run.start.entity.end - 1 : null);

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** What the random directions of equal norm did at this steering; null if not run (yet). */
export function control(run, { sweep, strength }) {
  const values = run.controls.get(key(sweep, strength));
  if (!values?.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return {
    values,
    n: values.length,
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    low: quantile(sorted, 0.05),
    high: quantile(sorted, 0.95),
    n_refusing: values.filter((x) => x > 0).length,
  };
}

/** Neighbouring strengths that give the same answer, word for word. */
export function segments(run, sweep) {
  const result = [];
  for (const { strength, arm } of points(run, sweep)) {
    const { text, verdict } = run.arms[arm];
    const last = result.at(-1);
    if (last && verdict && last.verdict && last.text === text) last.strengths.push(strength);
    else result.push({ text, verdict, strengths: [strength] });
  }
  return result;
}

/** How many arms have their whole answer. */
export const armsWhole = (run) => run.arms.filter((arm) => arm.verdict).length;

const isFirst = ({ sample }) => (sample ?? 0) === 0; // recordings of version 1 don't name it

const key = (sweep, strength) => `${sweep}/${strength}`;

function quantile(sorted, q) {
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}
