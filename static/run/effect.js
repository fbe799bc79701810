// What a push came to at the tokens that it steered: nothing, or an activation other than the one asked for. Pure, from
// `start` and `prompt` (`steered`). As app/recordings/effect.py reads a recording; a test holds the two together.

import { DEFAULT_MODE, MODES } from "../core/protocol.js";
import { armAt } from "./run.js";

const NEAR = 0.05; // of what was asked for: nearer is as asked

/**
 * @returns {{ nothing: boolean, read: number[]|null }|null} null where it was not measured (a recording of
 * version 1), or goes on in the answer. read: least and greatest activation that was read back, where one of them is
 * not what was asked for
 */
export function effectOf(run, { sweep, strength }) {
  const arm = sweep === null || !run.prompt ? -1 : armAt(run, { sweep, strength });
  if (arm <= 0) return null;
  const { sweep: number, held } = run.start.arms[arm];
  if (number !== sweep) return null;
  const { mode = DEFAULT_MODE, generated } = run.start.request.sweeps[sweep];
  const reading = run.prompt.arms[arm].steered?.[held ? (run.start.held?.length ?? 0) : 0];
  if (!reading || generated) return null;
  const { before, after } = reading;
  const wanted = before.map((a) => wantedOf(mode, strength, a));
  const nothing = before.every((a, i) => (MODES[mode].in_proportion ? a === 0 : wanted[i] === a));
  const missed = wanted.some((value, i) =>
    value !== null && Math.abs(after[i] - value) > NEAR * Math.abs(value || before[i])
  );
  return { nothing, read: !nothing && missed ? [Math.min(...after), Math.max(...after)] : null };
}

// The activation that is asked for where it was `a`; null for a mode that asks for none.
function wantedOf(mode, strength, a) {
  if (mode === "clamp") return strength;
  if (mode === "scale") return strength * a;
  return mode === "ablate" ? (1 - strength) * a : null;
}
