// What a run amounts to so far: a pure fold of (request, frames), and questions about it.
// Knows nothing about the page, the network or the clock.

import { filled } from "../core/format.js";
import { BAND, BAND_NAMES, DEFAULT_MODE, MIN_BAND, MODES } from "../core/protocol.js";

/**
 * @typedef {{ tokens: {id: number, text: string, logprob: number, entropy_nats: number, margin_nats: number}[],
 *             readings: number[][], text: string, verdict: object|null, samples: {text: string, verdict: object}[],
 *             largest: number[] }} ArmState
 * @typedef {{ request: object, phase: string, start: object|null, queued: number|null, prompt: object|null, arms: ArmState[],
 *             controls: Map<string, number[]>, latents: object[], done: object|null, refusal: object|null,
 *             frames: number }} Run
 *
 * phase: asking → running → done | error | cancelled | cut, or refused before the first frame
 * queued: place among those who wait for memory, 1 is next; null: it waits no more
 * tokens, readings, text, verdict: of an arm's first answer, sample 0; readings[i] belong to tokens[i], one step late
 * largest: by sample the largest risk of its tokens so far
 * samples: whole answers by their number, with holes while some are not whole yet
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
    latents: [],
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
        arms: frame.arms.map(() => ({ tokens: [], readings: [], text: "", verdict: null, samples: [], largest: [] })),
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
      for (const { arm, sample, risk } of frame.tokens.filter(({ risk }) => typeof risk === "number")) {
        const largest = [...arms[arm].largest];
        largest[sample ?? 0] = Math.max(risk, largest[sample ?? 0] ?? 0);
        arms[arm] = { ...arms[arm], largest };
      }
      for (const token of frame.tokens.filter(isFirst)) {
        const old = arms[token.arm];
        arms[token.arm] = { ...old, tokens: [...old.tokens, token], text: old.text + token.text };
      }
      return { ...next, arms };
    }
    case "verdict": {
      const arms = [...run.arms];
      const samples = [...arms[frame.arm].samples];
      samples[frame.sample ?? 0] = { text: frame.text, verdict: frame };
      arms[frame.arm] = { ...arms[frame.arm], samples };
      if (isFirst(frame)) Object.assign(arms[frame.arm], { verdict: frame, text: frame.text });
      return { ...next, arms };
    }
    case "control": {
      const controls = new Map(run.controls);
      controls.set(key(frame.sweep, frame.strength), frame.refusal_logodds);
      return { ...next, controls };
    }
    case "latents":
      return { ...next, latents: [...run.latents, frame] };
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

/** The arm of a strength that changes nothing: the one with all that is held, if anything is; else the baseline. */
export const idleArm = (run) => (run.start?.arms[1]?.held && run.start.arms[1].sweep === null ? 1 : 0);

/** Index of the arm with this steering, -1 if it was not run (or is not here yet); sweep null: nothing is swept. */
export function armAt(run, { sweep, strength }) {
  if (!run.start || sweep < 0) return -1;
  if (sweep === null || strength === idleOf(run, sweep)) return idleArm(run);
  return run.start.arms.findIndex((arm) => arm.sweep === sweep && arm.strength === strength);
}

/** The arms of a sweep by ascending strength, with the idle one where its mode has an idle strength. */
export function points(run, sweep) {
  if (!run.start) return [];
  const idle = idleOf(run, sweep);
  const swept = run.start.arms
    .map((arm, i) => ({ sweep, strength: arm.strength, alpha: arm.alpha, arm: i, of: arm.sweep }))
    .filter((point) => point.of === sweep);
  if (idle !== null) swept.push({ sweep, strength: idle, alpha: idle, arm: idleArm(run), of: sweep });
  return swept.sort((a, b) => a.strength - b.strength);
}

/** The strength of a sweep that changes nothing; null for a mode that has none. */
export function idleOf(run, sweep) {
  return MODES[run.start?.request.sweeps[sweep]?.mode ?? DEFAULT_MODE].idle;
}

/**
 * One run with more strengths: `extras` are { run, sweep }, runs of the same question that have a single sweep, the one
 * which is number `sweep` here. What has no prompt pass yet is left out.
 */
export function merged(run, extras) {
  const found = run?.prompt ? extras.filter((extra) => extra.run.prompt) : [];
  if (!found.length) return run;
  const arms = [...run.arms];
  const described = [...run.start.arms];
  const readings = [...run.prompt.arms];
  const controls = new Map(run.controls);
  for (const { run: extra, sweep } of found) {
    extra.start.arms.forEach((arm, i) => {
      if (arm.sweep === null || described.some((one) => one.sweep === sweep && one.strength === arm.strength)) return;
      described.push({ ...arm, sweep });
      arms.push(extra.arms[i]);
      readings.push(extra.prompt.arms[i]);
      const seen = extra.controls.get(key(0, arm.strength));
      if (seen) controls.set(key(sweep, arm.strength), seen);
    });
  }
  return {
    ...run,
    arms,
    controls,
    start: { ...run.start, arms: described },
    prompt: { ...run.prompt, arms: readings },
  };
}

/** Log-odds of a refusal opening, null before the prompt pass. */
export const logodds = (run, arm) => run.prompt?.arms[arm]?.refusal_logodds ?? null;

/** Measured activation of a watched latent at a prompt position, null before the prompt pass. */
export const activation = (run, arm, watch, pos) => run.prompt?.arms[arm]?.activations[watch]?.[pos] ?? null;

export const lastEntity = (run) => (run?.start ? run.start.entity.end - 1 : null);

export const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** What the random directions of equal norm did at this steering; null if not run (yet). */
export function control(run, { sweep, strength }) {
  const values = run.controls.get(key(sweep, strength));
  if (!values?.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = sorted.length < MIN_BAND ? [0, 1] : BAND;
  return {
    values,
    n: values.length,
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    low: quantile(sorted, low),
    high: quantile(sorted, high),
    n_refusing: values.filter((x) => x > 0).length,
  };
}

/** The random directions by what they did, the most refusing first: the order in which they are shown and counted. */
export const byRefusal = (values) => values.map((_, i) => i).sort((a, b) => values[b] - values[a]);

/** What the band of n directions is called. */
export const bandName = (n) => n < MIN_BAND ? filled(BAND_NAMES.range, { n }) : BAND_NAMES.quantiles;

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
