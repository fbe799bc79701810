// What a study will cost, before it is asked: prompts, arms, answers; and in words what the protocol does not allow.
// Pure. Says at most: which names have partners of their length only the worker knows.

import { armsOf, MOST_ARMS, MOST_CONTROLLED } from "./presets.js";

const SPLITS = { train: 0.5, validation: 0.1, test: 0.4, all: 1 };

/**
 * How many questions are put, at most.
 * @param {object} asked protocol/worker/studies.py Asked
 * @param {Record<string, Record<string, number>>} world names by group and type, of the model's world
 * @param {{ entity_type: string, name: string }[]} attributes of the card
 */
export function promptsOf(asked, world, attributes) {
  const { names } = asked;
  const cells = names.kind === "given" ? given(names.names) : ofWorld(world, names);
  return Object.entries(cells)
    .filter(([group]) => !asked.groups.length || asked.groups.includes(group))
    .flatMap(([, types]) => Object.entries(types))
    .reduce((sum, [type, n]) => {
      const fits = attributes.filter((one) =>
        one.entity_type === type && (!asked.attributes.length || asked.attributes.includes(one.name))
      );
      return sum +
        Math.min(asked.most, Math.ceil(SPLITS[asked.split] * n)) *
          (asked.per_name === "all" ? fits.length : Math.min(1, fits.length));
    }, 0);
}

/** Runs of the model on a prompt, one for each arm, sample or pass. @returns {{ n: number, words: string }} */
export function armsIn(request) {
  switch (request.kind) {
    case "answers":
      return { n: armsOf(request), words: "arms" };
    case "label":
      return { n: 1 + request.n_samples, words: "answers each" };
    case "attention":
    case "knowledge": {
      const pushes = [request.known, request.unknown].filter(Boolean);
      return { n: 1 + Math.max(0, ...pushes.map(({ n_controls }) => 1 + n_controls)), words: "passes" };
    }
    case "transfer":
      return { n: 5 + request.n_controls, words: "models" };
    default:
      return { n: 1 + (request.n_samples ?? 0), words: "answers each" };
  }
}

/** Why a request can't be run, in a sentence that says what would; null where it can. */
export function tooMuch(request) {
  const { n_samples, k, arms, controls } = request;
  if (k > n_samples && n_samples > 0) {
    return `${k} of ${n_samples} samples can't be right. Lower k, or take more samples.`;
  }
  if (request.kind === "attention" || request.kind === "knowledge") {
    return request.known || request.unknown ? null : "Nothing would be pushed. Tick one of the two.";
  }
  if (request.kind !== "answers") return null;
  if (!arms.length) return "Nothing would be pushed. Give an arm or a strength.";
  if (arms.some(({ hold }) => hold.some(({ strength }) => strength === 0 || !Number.isFinite(strength)))) {
    return "A strength of 0 changes nothing. Leave it out.";
  }
  if (new Set(arms.map(({ name }) => name)).size < arms.length) return "A strength stands twice. Leave one out.";
  if (arms.length > 40) return `${arms.length} arms asked, 40 allowed beside their controls. Use fewer strengths.`;
  if (controls.length > MOST_CONTROLLED) {
    return `${controls.length} strengths with controls asked, ${MOST_CONTROLLED} allowed. Use fewer strengths, or no controls.`;
  }
  const n = armsOf(request);
  return n > MOST_ARMS ? `${n} arms asked, ${MOST_ARMS} allowed. Use fewer arms, or fewer controls of each.` : null;
}

function ofWorld(world, { types, most }) {
  return Object.fromEntries(
    Object.entries(world).map(([group, counts]) => [
      group,
      Object.fromEntries(
        Object.entries(counts)
          .filter(([type]) => !types.length || types.includes(type))
          .map(([type, n]) => [type, most === null ? n : Math.min(most, n)]),
      ),
    ]),
  );
}

function given(names) {
  const cells = {};
  for (const { type, label } of names) {
    const group = (cells[label ?? "unlabelled"] ??= {});
    group[type] = (group[type] ?? 0) + 1;
  }
  return cells;
}
