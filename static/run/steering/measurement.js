// What a slider's value came to: the raw α, and the activation that was measured before and after. Pure, from `start` and
// `prompt`. Knows nothing about elements, nor about who chose the value.

import { UNITS } from "../../core/protocol.js";
import { readOf, same, watches, watchOf } from "../names.js";
import { activation, armAt, lastEntity } from "../run.js";
import { sameSteering, sweepOf } from "./sliders.js";

/** What a run says of a slider that it sweeps or holds: ‖d‖, r̄, layer, positions; null if it has neither. */
export function usedOf(run, slider) {
  if (!run?.start || !slider) return null;
  return run.start.sweeps[sweepOf(run, slider)] ?? run.start.held?.[holdOf(run, slider)] ?? null;
}

/** The other unit of a push: raw α of a multiple of r̄, and the multiple of a raw α. Null where it is not known. */
export function otherUnit(run, slider, value) {
  const used = usedOf(run, slider);
  if (!UNITS[slider.unit].is_length || !value || !used?.residual_norm) return null;
  const alphaOfOne = used.residual_norm / used.norm;
  if (slider.unit === "raw") return { number: value / alphaOfOne, unit: UNITS.residual_norm.name };
  const arm = run.start.arms[armAt(run, { sweep: sweepOf(run, slider), strength: value })];
  return { number: arm?.alpha || value * alphaOfOne, unit: UNITS.raw.name };
}

/**
 * The slider's own activation at the name's last token, in the baseline and in the arm that is shown; where only a
 * latent of its role is watched, that latent's. Null where nothing of it was measured (yet).
 * @returns {{ of: string, own: boolean, token: string, before: number, after: number|null }|null}
 * own: of the slider's own target; after: null in the baseline itself
 */
export function measuredOf(run, steer, slider, card) {
  const arm = run?.prompt ? armAt(run, steer) : -1;
  if (arm < 0) return null;
  const pos = lastEntity(run);
  const token = run.start.tokens[pos].text;
  const watched = watches(run, card);
  const watch = watchOf(slider, watched);
  if (watch >= 0) {
    const { target, short } = watched[watch];
    const after = arm > 0 ? activation(run, arm, watch, pos) : null;
    return {
      of: short,
      own: same(target, readOf(slider.target)),
      token,
      before: activation(run, 0, watch, pos),
      after,
    };
  }
  const seen = steeredAt(run, arm, slider, pos);
  return seen && { of: slider.short, own: true, token, ...seen };
}

/** An activation of the untouched model at the name's last token: where a slider rests whose mode sets a value. */
export function untouchedOf(run, slider) {
  const watch = (run?.start?.request.watch ?? []).findIndex((target) => same(target, readOf(slider.target)));
  return watch < 0 ? null : activation(run, 0, watch, lastEntity(run));
}

// An intervention's own measurement, at the tokens that it steered: those held come first.
function steeredAt(run, arm, slider, pos) {
  const { sweep, held } = run.start.arms[arm];
  const nHeld = held ? (run.start.held?.length ?? 0) : 0;
  const index = sweep !== null && sweep === sweepOf(run, slider) ? nHeld : held ? holdOf(run, slider) : -1;
  const reading = run.prompt.arms[arm].steered?.[index];
  const j = usedOf(run, slider)?.positions.indexOf(pos) ?? -1;
  return reading && j >= 0 ? { before: reading.before[j], after: reading.after[j] } : null;
}

const holdOf = (run, slider) => (run.start.request.hold ?? []).findIndex((one) => sameSteering(one, slider));
