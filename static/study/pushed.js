// What an arm of a study holds, so that it can be held again elsewhere. Pure.

/**
 * A list of protocol/steering.py Held; none for the baseline; null where it can't be said: a control that is another
 * latent is named in words only. @param {object} request @param {object[]} arms of the `study` frame
 */
export function heldOf(request, arms, index) {
  if (request.kind !== "answers" || index === 0 || !arms[index]) return index ? null : [];
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
