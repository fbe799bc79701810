// A row of a study as a question to Explore, and to Circuit: the paths of the app that ask it again, or why there are
// none. Pure.

import { writeCircuit } from "../../parts/circuit_address.js";
import { writeFragment } from "../../run/fragment.js";
import { slidersOfRequest, steeringOf } from "../../run/steering/sliders.js";
import { addressOf } from "../../core/root.js";

/**
 * `request` and `arms`: of the `study` frame; `type` and `name`: of the trial's name; `card`: of the model, null where no
 * worker tells it.
 * @param {{ request: object, arms: object[], trial: object, answer: object, type: string, name: string, card: object|null }} row
 * @returns {{ address: string, circuit: string, why: null } | { address: null, circuit?: undefined, why: string }}
 */
export function inExplore({ request, arms, trial, answer, type, name, card }) {
  const hold = heldOf(request, arms, answer.arm);
  if (!hold) return { address: null, why: WHY[request.kind] ?? WHY.other };
  const seed = trial.seed ?? (request.kind === "uncertainty" ? request.seed : null);
  if (answer.sample > 0 && seed === null) return { address: null, why: WHY.sampled };
  const n = Math.max(0, ...trial.answers.filter(({ arm }) => arm === answer.arm).map(({ sample }) => sample));
  const usual = (request.max_new_tokens ?? USUAL_TOKENS) === USUAL_TOKENS;
  const span = spanIn(trial, type, name, card);
  const hash = writeFragment({
    prompt: trial.prompt,
    span,
    sliders: hold.length
      ? slidersOfRequest({ hold }, card).sliders.map((one) => ({ ...steeringOf(one), strengths: one.strengths }))
      : null,
    at: hold.map(({ strength }, i) => [i, strength]),
    samples: answer.sample > 0 ? { n, temperature: 1, seed } : null,
    request: usual ? null : { max_new_tokens: request.max_new_tokens },
  });
  const asked = writeCircuit({ prompt: trial.prompt, entity: span, hold }, {});
  return { address: addressOf(`/${hash}`), circuit: addressOf(`/circuit${asked}`), why: null };
}

const USUAL_TOKENS = 32; // of an answer, as Explore asks and as studies do that don't say it

const WHY = {
  transfer: "This model's weights were changed; Explore leaves weights as they are.",
  neurons: "These neurons were chosen by the study: the figure “Which neurons” names them.",
  sampled: "Drawn from a seed that was not recorded then.",
  other: "Which latent was pushed was not recorded then.",
};

/** All that an arm pushes, protocol/steering.py Held: none of the baseline; null where nobody said it. */
function heldOf(request, arms, index) {
  if (index === 0) return [];
  return arms[index]?.hold ?? (request.kind === "answers" && arms[index] ? workedOut(request, arms, index) : null);
}

/** Of a study that was recorded before arms said it: those that were asked for, and random directions. */
function workedOut(request, arms, index) {
  const { name, control_of, control_kind } = arms[index];
  if (control_of === null) return request.arms.find((arm) => arm.name === name)?.hold ?? null;
  if (control_kind !== "random") return null;
  const [first, ...rest] = request.arms.find((arm) => arm.name === arms[control_of].name)?.hold ?? [];
  if (!first) return null;
  // As model_worker/studies/answers/controls.py draws them: one after the other, from the study's seed.
  const place =
    arms.slice(0, index).filter((arm) => arm.control_of === control_of && arm.control_kind === "random").length;
  return [{ ...first, target: { kind: "random", like: first.target, seed: request.seed ?? 0, index: place } }, ...rest];
}

/** Where the name stands, in characters as a request counts them; the card knows which of several places is the name's. */
function spanIn({ prompt, attribute }, type, name, card) {
  const asked = card?.attributes?.find((one) => one.name === attribute && one.entity_type === type)?.question ?? "";
  const put = asked.indexOf("{name}");
  const at = put >= 0 && prompt.startsWith(name, put) ? put : prompt.indexOf(name);
  if (at < 0) return null;
  const start = Array.from(prompt.slice(0, at)).length;
  return { start, end: start + Array.from(name).length };
}
