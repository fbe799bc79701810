// The tokens of a run in one row: the prompt's, then those that an arm answered. What they are called, what was read
// at each of them and how likely each was. Pure; knows nothing about the page.

import { visible } from "../core/format.js";
import { lastEntity } from "./run.js";

/**
 * @typedef {{ pos: number, name: string, role: "bos"|"template"|"text"|"entity"|"answer",
 *             odds: {logprob: number, entropy_nats: number, risk?: number}|null }} Place
 * pos: counted through prompt and answer. odds: given what stands before it; of prompt tokens the baseline's.
 */

/** An arm that is not here (-1) has no answer. @returns {Place[]} */
export function sequence(run, arm) {
  const prompt = run.start.tokens.map(({ text, role }, pos) => {
    const odds = (pos && run.prompt?.odds?.[pos - 1]) || null;
    return { pos, name: visible(text), role, odds };
  });
  return [...prompt, ...answerOf(run, arm)];
}

/** The part of it that changes from arm to arm. @returns {Place[]} */
export function answerOf(run, arm) {
  const { tokens, verdict } = run.arms[arm] ?? { tokens: [], verdict: null };
  return tokens.map((token, i) => {
    const ends = token.text === "" && verdict && i === tokens.length - 1;
    const name = ends ? "⟨end⟩" : visible(token.text);
    return { pos: run.start.tokens.length + i, name, role: "answer", odds: token };
  });
}

/** A watched latent's activation at any place; null where it is not read, or not yet: an answer's come a step late. */
export function readingAt(run, arm, watch, pos) {
  const n = run.start.tokens.length;
  const read = pos < n ? run.prompt?.arms[arm]?.activations[watch]?.[pos] : run.arms[arm]?.readings[pos - n]?.[watch];
  return read ?? null;
}

/** How many places at the beginning hold the same tokens in two arms. */
export function alikeUpTo(run, a, b) {
  const [one, other] = [run.arms[a].tokens, run.arms[b].tokens];
  const differs = one.findIndex((token, i) => token.id !== other[i]?.id);
  return run.start.tokens.length + (differs < 0 ? one.length : differs);
}

/** The selected place if this arm has it, else the last token of the name. */
export function selectedIn(run, arm, token) {
  const n = run.start.tokens.length + (run.arms[arm]?.tokens.length ?? 0);
  return token !== null && token !== undefined && token < n ? token : lastEntity(run);
}

/** Where in a prompt a place is, or that it is answered. */
export function whereOf(run, { pos, role }) {
  if (pos === lastEntity(run)) return "last of the name";
  if (role === "entity") return "in the name";
  if (role === "answer") return "answer";
  return role === "text" ? "prompt" : role;
}
