// Latents by meaning: asks which latents write a word, and which fire where the model's sample of text says it, and says
// why each was found. From protocol/worker/latent_frames.py LatentsFound. Knows nothing about elements.

import { latentsByMeaning, Refused } from "../../core/api.js";
import { count, sig3 } from "../../core/format.js";

const REST_MS = 250; // asked when the typing rests
const KEPT = 32; // answers that are remembered

/**
 * @typedef {{ words: string, tokens: string[], n_tokens: number, n_places: number, writes: object[], fires: object[], n_latents?: number, n_vocabulary?: number }} Found
 * `onChange()` when something came. @returns {{ look: (model: string, query: string) => void, found: () => Found|null,
 * asking: () => boolean, problem: () => object|null, stop: () => void }} `found` is of what was last looked for.
 */
export function meaning(onChange, ask = latentsByMeaning, rest_ms = REST_MS) {
  const seen = new Map();
  let key = null;
  let own = null; // AbortController of what is on its way, or rests before it
  let problem = null;
  return { look, found: () => seen.get(key) ?? null, asking: () => own !== null, problem: () => problem, stop };

  function look(model, query) {
    const words = query.trim();
    const now = words ? JSON.stringify([model, words]) : null;
    if (now === key) return;
    stop();
    key = now;
    if (key && !seen.has(key)) fetched(model, words, key);
  }

  function stop() {
    own?.abort();
    [key, own, problem] = [null, null, null];
  }

  async function fetched(model, words, asked) {
    const mine = new AbortController();
    own = mine;
    await new Promise((rested) => setTimeout(rested, rest_ms));
    if (mine.signal.aborted) return;
    try {
      const found = await ask(model, words, mine.signal);
      if (mine.signal.aborted) return;
      seen.set(asked, found);
      if (seen.size > KEPT) seen.delete(seen.keys().next().value);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      problem = error.refusal;
    }
    own = null;
    onChange();
  }
}

/** Both kinds, best first, each latent once; `order` says what is best. @param {Found} found
 * @returns {{ name: string, order: string, latents: object[] }[]} */
export function groupsOf(found) {
  const latents = (list, why) =>
    list.map((one) => ({ target: one.target, why: why(one, found), snippet: one.snippet }));
  return [
    {
      name: `Writes ${quoted(found.tokens[0]?.trim() ?? found.words)}`,
      order: `by the place that it gives the word${chanceWords(found)}`,
      latents: latents(found.writes, whyWrites),
    },
    {
      name: `Fires on ${quoted(found.words)}`,
      order: "first those that fire there often and elsewhere seldom (F1)",
      latents: latents(found.fires, whyFires),
    },
  ].filter(({ latents }) => latents.length);
}

/** @param {{ token: { text: string, logit: number }, rank: number }} found */
export const whyWrites = ({ token, rank }) =>
  `writes ${quoted(token.text.trim())} ${rank === 1 ? "before all other tokens" : `${ordinal(rank)} of all tokens`}, +${
    sig3(token.logit)
  } logits`;

/** What the list is held against: how many latents that push at random would write it first. @param {Found} found */
function chanceWords({ tokens, n_latents, n_vocabulary }) {
  if (!n_latents || !n_vocabulary) return "";
  const n = (tokens.length * n_latents) / n_vocabulary;
  return `; by chance ${sig3(n)} of ${n_latents.toLocaleString("en")} latents would write it first`;
}

/** @param {{ n_fired: number, n_elsewhere: number }} found */
export function whyFires({ n_fired, n_elsewhere }, { words, n_places, n_tokens }) {
  const elsewhere = `${count(n_elsewhere, "other token")} of ${n_tokens.toLocaleString("en")}`;
  return `fires at ${n_fired} of ${n_places} places that say ${quoted(words)}, and on ${elsewhere}`;
}

/** Why there is nothing of a kind, and what would be found; null where both have some. @param {Found} found */
export function missing({ words, tokens, n_tokens, n_places, writes }) {
  const lens = tokens.length ? null : `No token says ${quoted(words)}, so nothing writes it at once.`;
  const few = tokens.length && !writes.length ? `No latent has ${quoted(tokens[0].trim())} among its first ten.` : null;
  const silent = n_tokens
    ? `The sample of text nowhere says ${quoted(words)}.`
    : "No sample of text comes with this model.";
  return [lens, few, n_places ? null : silent].filter(Boolean).join(" ") || null;
}

const quoted = (words) => `“${words}”`;
const ordinal = (n) => `${n}${{ 1: "st", 2: "nd", 3: "rd" }[n] ?? "th"}`; // of ten at most
