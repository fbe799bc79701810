// Watched latents by tokens, as numbers: what the heat map and its table show. Pure; knows no colours.

import { sig3 } from "../../core/format.js";
import { watches } from "../names.js";
import { pushedIn, stretches } from "../places.js";
import { armAt } from "../run.js";
import { alikeUpTo, answerOf, readingAt, sequence } from "../sequence.js";

/** What the map can show. In `both`, a latent's baseline stands above what is steered. */
export const SIDES = { baseline: "Baseline", steered: "Steered", both: "Both", difference: "Difference" };

/**
 * @typedef {{ watch: number, target: object, role: string, label: string, short: string,
 *             side: "baseline"|"steered"|"difference", values: (number|null)[], from: number, to: number }} Row
 * @typedef {{ x: number, text: string }} Name
 * @typedef {{ side: string, pushed: boolean, rows: Row[], edges: number[], bands: (Row|null)[], columns: number,
 *             n_prompt: number, most: number, above: Name[], below: Name[], steered: [number, number][] }} Grid
 * values: by column; null: not read. from, to: in rows' heights. bands: what lies between neighbouring edges, null is
 * a gap. A column is a token, the one between prompt and answer is empty. steered: first and last column of each stretch.
 * pushed: what is shown differs from the baseline. most: the largest absolute value.
 */

/** Null before the prompt pass. @returns {Grid|null} */
export function gridOf(run, card, steer, side) {
  if (!run?.prompt) return null;
  const arm = armAt(run, steer);
  const pushed = arm !== 0;
  const n_prompt = run.start.tokens.length;
  const answers = { baseline: answerOf(run, 0), steered: pushed ? answerOf(run, arm) : [] };
  const columns = n_prompt + 1 + Math.max(answers.baseline.length, answers.steered.length);
  const alike = pushed && arm > 0 ? alikeUpTo(run, 0, arm) : 0;
  const read = {
    baseline: (watch, pos) => readingAt(run, 0, watch, pos),
    steered: (watch, pos) => (pushed ? readingAt(run, arm, watch, pos) : null),
    difference(watch, pos) {
      const [before, after] = [read.baseline(watch, pos), read.steered(watch, pos)];
      return pos < alike && before !== null && after !== null ? after - before : null;
    },
  };
  // With nothing pushed there is one side, as high as both: the map keeps its height.
  const sides = side !== "both" ? [side] : pushed ? ["baseline", "steered"] : ["baseline"];
  const height = side === "both" && !pushed ? 2 : 1;
  const [rows, bands, edges] = [[], [], [0]];
  watches(run, card).forEach((latent, watch) => {
    if (watch) {
      bands.push(null);
      edges.push(edges.at(-1) + 0.3);
    }
    for (const one of sides) {
      const from = edges.at(-1);
      const values = Array.from(
        { length: columns },
        (_, x) => x === n_prompt ? null : read[one](watch, x < n_prompt ? x : x - 1),
      );
      rows.push({ ...latent, watch, side: one, values, from, to: from + height });
      bands.push(rows.at(-1));
      edges.push(from + height);
    }
  });
  const names = (places) => places.map(({ pos, name }) => ({ x: pos < n_prompt ? pos : pos + 1, text: name }));
  const first = side === "steered" ? answers.steered : answers.baseline;
  return {
    side,
    pushed,
    rows,
    bands,
    edges,
    columns,
    n_prompt,
    most: rows.reduce((most, { values }) => values.reduce((m, value) => Math.max(m, Math.abs(value ?? 0)), most), 0),
    above: names([...sequence(run, -1), ...first]),
    below: side === "both" || side === "difference" ? names(answers.steered) : [],
    steered: side === "baseline" ? [] : stretches(pushedIn(run, steer).prompt),
  };
}

/** For parts/table.js. */
export function gridTable(grid) {
  if (!grid) return { caption: "Tokens by latents", head: ["token"], rows: [] };
  const two = grid.below.length > 0;
  const of = (list) => new Map(list.map(({ x, text }) => [x, text]));
  const [above, below] = [of(grid.above), of(grid.below)];
  const shared = (x) => x < grid.n_prompt;
  return {
    caption: "Activations of prompt and answer tokens",
    head: ["#", "token", ...(two ? ["steered token"] : []), ...grid.rows.map(({ short, side }) => `${short} ${side}`)],
    text: two ? [0, 1, 2] : [0, 1],
    rows: Array.from({ length: grid.columns }, (_, x) => x)
      .filter((x) => x !== grid.n_prompt)
      .map((x) => ({
        cells: [
          String(shared(x) ? x : x - 1),
          above.get(x) ?? "–",
          ...(two ? [(shared(x) ? above : below).get(x) ?? "–"] : []),
          ...grid.rows.map(({ side, values }) => numberOf(side, values[x])),
        ],
      })),
  };
}

/** A cell in words; a difference has its sign. */
export function numberOf(side, value) {
  if (value === null) return "–";
  return (side === "difference" && value > 0 ? "+" : "") + sig3(value);
}
