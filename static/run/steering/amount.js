// How hard something is pushed, in words: the templates of core/protocol.js, filled in as protocol/amounts.py fills them; a
// test holds the two together. Pure. Knows nothing about elements and runs.

import { filled, plain, signed } from "../../core/format.js";
import { ANOTHER_LATENT, DEFAULT_MODE, MODES, UNITS } from "../../core/protocol.js";

const NUMBERS = { signed, plain, percent: (x) => `${plain(100 * x)} %` };
const NUMBER = /\{(signed|plain|percent)\}/;

/**
 * @typedef {{ mode?: string, unit?: string|null }} Steering
 * @typedef {{ to?: string, brief?: boolean }} Words to: what a latent's value moves to; brief: a mode's own unit goes
 * without saying
 */

/** @param {Steering} steering */
export const modeOf = ({ mode }) => MODES[mode ?? DEFAULT_MODE];

/** @param {Steering} steering */
export const unitOf = ({ mode, unit }) => unit ?? modeOf({ mode }).units[0];

/**
 * What stands before the number, the number, and what stands behind it: ["clamped to ", "12", ""].
 * @param {Steering} steering @param {number} strength @param {Words} words
 */
export function amountParts(steering, strength, { to = ANOTHER_LATENT, brief = false } = {}) {
  const [mode, unit] = [modeOf(steering), unitOf(steering)];
  const [before, number, after] = mode.amount.split(NUMBER);
  const slots = { unit: brief && unit === mode.units[0] ? "" : UNITS[unit].name, to };
  return [filled(before, slots), NUMBERS[number](strength), filled(after, slots).trimEnd()];
}

/**
 * "+1.25 × r̄", "clamped to 12", "50 % ablated"; of no strength the one that changes nothing, or "at rest" where the mode
 * has none. @param {Steering} steering @param {number|null} value @param {Words} [words]
 */
export function amountOf(steering, value, words) {
  const strength = value ?? modeOf(steering).idle;
  return strength === null ? "at rest" : amountParts(steering, strength, words).join("");
}

/**
 * The same as a sentence has it, in two parts: { words: "clamped to ", value: "12" }.
 * @param {"swept"|"held"} how tried at several strengths, or stays
 * @returns {{ words: string, value: string, placed: boolean }} placed: it says where on a scale, "at +1.25"
 */
export function pushWords(how, steering, strength, words) {
  const template = modeOf(steering)[how];
  const [lead, tail] = template.split("{amount}");
  const [before, ...rest] = amountParts(steering, strength, words);
  return { words: lead + before, value: rest.join("") + tail, placed: template !== "{amount}" };
}
