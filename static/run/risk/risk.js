// The risk of an answer's tokens: what the strip shows of each, and in words. Pure; from `start.risk` and `step`.
// Knows nothing about the page.

import { filled, sig3 } from "../../core/format.js";
import {
  OUTCOMES,
  RISK_CURVE,
  RISK_FEATURES,
  RISK_HELD,
  RISK_HELD_TESTED,
  RISK_LARGEST,
  RISK_LEGEND,
  RISK_MISSES,
  RISK_MOVED,
  RISK_NEAREST,
  RISK_NONE_HELD,
  RISK_READOUT,
  RISK_REFUSES,
  RISK_STEERED,
  RISK_THIS,
  RISK_THIS_REFUSES,
  RISK_UNFITTED,
  RISK_UP_TO_HERE,
} from "../../core/protocol.js";

const MOST_NATS = 5; // of an entropy without a fit: a whole bar
const TOLD = 2; // features that moved it

/** Whether an arm is anything but untouched. */
export const isSteered = (run, arm) => arm > 0 || Boolean(run.start?.arms[arm]?.held);

/**
 * What stands under token number i of an arm's answer; null: nothing does, yet.
 * @returns {{ kind: "risk"|"refuses"|"steered"|"entropy", share: number, usual: number|null }|null}
 */
export function barAt(run, arm, i) {
  const token = run.arms[arm]?.tokens[i];
  if (!token) return null;
  const { fit, tested } = placeOf(run, i);
  if (!fit) {
    if (typeof token.entropy_nats !== "number") return null;
    return { kind: "entropy", share: Math.min(1, token.entropy_nats / MOST_NATS), usual: null };
  }
  if (isSteered(run, arm)) return { kind: "steered", share: 0, usual: null };
  if (typeof token.risk !== "number") return { kind: "refuses", share: 0, usual: null };
  return { kind: "risk", share: token.risk, usual: tested?.base_rate ?? null };
}

/** The same in words, with what moved it. */
export function barInWords(run, arm, i) {
  const token = run.arms[arm]?.tokens[i];
  const bar = barAt(run, arm, i);
  if (!bar) return "";
  if (bar.kind === "steered") return RISK_STEERED;
  if (bar.kind === "refuses") return RISK_REFUSES;
  if (bar.kind === "entropy") return RISK_UNFITTED;
  const { head } = placeOf(run, i);
  const moved = head.features
    .map(({ name }, at) => ({ name, by: token.risk_moved?.[at] ?? 0 }))
    .sort((a, b) => Math.abs(b.by) - Math.abs(a.by))
    .slice(0, TOLD)
    .filter(({ by }) => by !== 0)
    .map(({ name, by }) => `${RISK_FEATURES[name]} ${by > 0 ? "+" : ""}${sig3(by)}`)
    .join(", ");
  const numbers = {
    risk: sig3(token.risk),
    usual: sig3(bar.usual ?? 0),
    entropy: sig3(token.entropy_nats ?? 0),
    surprise: sig3(-token.logprob),
  };
  const told = [filled(RISK_READOUT, numbers), moved && filled(RISK_MOVED, { features: moved }), RISK_UP_TO_HERE];
  return told.filter(Boolean).join("; ");
}

/** What the strip rests on: sentences. */
export function fitInWords(run) {
  const fit = run?.start?.risk;
  if (!run?.start) return [];
  if (!fit) return [RISK_UNFITTED];
  const value = fit.tested.find(({ place }) => place === "value");
  const asked = run.start.request.sampling.temperature;
  const least = [...fit.recalls].filter(({ n }) => n >= 20).sort((a, b) => a.recall - b.recall)[0];
  return [
    value &&
    filled(RISK_LEGEND, {
      n: fit.n.toLocaleString("en"),
      tested: value.n.toLocaleString("en"),
      auroc: told(value.auroc),
      within: told(value.within),
      entropy: told(value.entropy_auroc),
      entropy_within: told(value.entropy_within),
      ece: told(value.ece),
    }),
    least && filled(RISK_MISSES, { kind: least.kind, recall: told(least.recall), n: least.n }),
    asked !== fit.temperature && filled(RISK_NEAREST, { fitted: fit.temperature, asked }),
  ].filter(Boolean);
}

/** The reliability curve at the value's first token: rows of words. */
export const curveInWords = (fit) =>
  (fit.tested.find(({ place }) => place === "value")?.curve ?? []).map(({ risk, wrong, n }) =>
    filled(RISK_CURVE, { risk: told(risk), wrong: told(wrong), n })
  );

/** Whether the untouched answer can be trusted, as far as answers with such a risk tell: a sentence; "" without any. */
export function thisInWords(run) {
  const fit = run?.start?.risk;
  const outcome = run?.arms[0]?.verdict?.outcome;
  if (!fit || !outcome || isSteered(run, 0)) return "";
  if (outcome === "refused") return RISK_THIS_REFUSES;
  const risk = run.arms[0].largest?.[0];
  const curve = fit.tested.find(({ place }) => place === "value")?.curve ?? [];
  const alike = curve.find((part) => tenth(part.risk) === tenth(risk));
  if (typeof risk !== "number" || !alike) return "";
  const numbers = { risk: told(risk), n: alike.n.toLocaleString("en"), wrong: told(alike.wrong) };
  return filled(RISK_THIS, numbers);
}

const tenth = (share) => Math.min(9, Math.floor(share * 10));

/** "largest risk 0.71" of an untouched answer that has one; else "". */
export function largestInWords(run, arm) {
  const answers = run?.start?.risk && !isSteered(run, arm) && run.arms[arm]?.verdict?.outcome !== "refused";
  const largest = answers ? run.arms[arm]?.largest?.[0] : undefined;
  return typeof largest === "number" ? filled(RISK_LARGEST, { risk: sig3(largest) }) : "";
}

/**
 * Untouched answers of these runs by whether a threshold would have held them back: a sentence; "" without any.
 * A refusal is let through: nobody is told anything.
 */
export function heldInWords(runs, threshold) {
  const [held, through] = [{}, {}];
  let [n, nHeld] = [0, 0];
  for (const run of runs.filter((one) => one?.start?.risk)) {
    (run.arms[0]?.samples ?? []).forEach((answer, sample) => {
      const verdict = answer?.verdict; // samples end in any order
      if (!verdict) return;
      const refuses = verdict.outcome === "refused";
      const isHeld = !refuses && (run.arms[0].largest?.[sample] ?? 0) >= threshold;
      const side = isHeld ? held : through;
      side[verdict.outcome] = (side[verdict.outcome] ?? 0) + 1;
      n += 1;
      nHeld += isHeld ? 1 : 0;
    });
  }
  if (!n) return "";
  return filled(RISK_HELD, {
    threshold: told(threshold),
    held: nHeld,
    n,
    outcomes: tally(held),
    others: tally(through),
  });
}

/** What a threshold, a multiple of a tenth, does on the test half: a sentence; "" without a fit. */
export function testedInWords(fit, threshold) {
  const curve = fit?.tested.find(({ place }) => place === "value")?.curve ?? [];
  const [errors, right] = [[0, 0], [0, 0]]; // held back, all
  for (const { risk, wrong, n } of curve) {
    const isHeld = risk >= threshold; // a tenth lies on one side of it
    for (const [counts, own] of [[errors, Math.round(n * wrong)], [right, n - Math.round(n * wrong)]]) {
      counts[0] += isHeld ? own : 0;
      counts[1] += own;
    }
  }
  const n = errors[1] + right[1];
  if (!n) return "";
  const share = (errors[0] + right[0]) / n;
  return filled(RISK_HELD_TESTED, {
    n: n.toLocaleString("en"),
    errors: errors[0],
    n_errors: errors[1],
    right: right[0],
    n_right: right[1].toLocaleString("en"),
    by_chance: Math.round(share * errors[1]),
    right_by_chance: Math.round(share * right[1]),
  });
}

const tally = (counts) =>
  Object.entries(counts).map(([outcome, n]) => `${n} ${OUTCOMES[outcome].many}`).join(", ") || RISK_NONE_HELD;

const told = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));

function placeOf(run, i) {
  const fit = run.start?.risk ?? null;
  const place = i === 0 ? "first" : "under_way";
  return {
    fit,
    head: fit && (i === 0 ? fit.first : fit.under_way),
    tested: fit?.tested.find((one) => one.place === place),
  };
}
