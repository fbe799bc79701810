// A discovery's ranking as a page tells it: what was counted (study/discovery/counts.js), ranked at a threshold that can be moved,
// with the test names beside it, and with what only the worker knows where it ranked the latent too. Pure.

import { idOf, ranked, ROLES, scoreOf } from "./counts.js";
import { scoreInterval } from "./score_interval.js";

/** The request's own threshold, as the option says it. */
export function mostOf({ request }) {
  const share = request?.max_corpus_share ?? 0.02;
  return request?.corpus_tokens === 0 || share >= 1 ? "off" : String(share);
}

/**
 * The ranking at the chosen threshold, with what only the worker knows where it ranked the latent too. `id` names a
 * latent, `key` a row.
 */
export function rowsOf(counts, { most, role, half }, { request, ranking }) {
  const found = ranked(counts, { most: most === "off" ? null : Number(most), top: request.top });
  const roles = role === "both" ? ROLES : [role];
  const rows = roles.flatMap((one) => found[one].map((row) => whole(row, one)));
  const specialists = roles.flatMap((one) => found[`specialists_${one}`].map((row) => whole(row, one)));
  return { rows: rows.sort((a, b) => b.score - a.score), specialists: specialists.sort((a, b) => order(a) - order(b)) };

  function order({ only }) {
    return counts.types.indexOf(only);
  }

  function whole(row, itsRole) {
    const dictionary = counts.dictionaries.find(({ id }) => id === row.dictionary);
    const list = ranking?.final ? ranking[`${row.only ? "specialists_" : ""}${itsRole}`] : [];
    const told = list.find(
      (one) => one.dictionary === row.dictionary && one.latent === row.latent && (one.only ?? null) === row.only,
    );
    const test = scoreOf(counts, dictionary, row.latent, itsRole, "test", row.only);
    const types = test.types.filter(({ type }) => !row.only || type === row.only);
    const low = told?.test_low ?? null;
    return {
      ...row,
      id: idOf(dictionary, row.latent),
      key: `${itsRole} ${row.only ?? ""} ${row.dictionary}:${row.latent}`,
      role: itsRole,
      paper_layer: dictionary.paper_layer,
      types: scoreOf(counts, dictionary, row.latent, itsRole, half).types,
      test: test.score,
      interval: low === null ? scoreInterval(types, itsRole === "known" ? 1 : -1) : [low, told.test_high],
      auroc: told?.auroc ?? null,
      auroc_low: told?.auroc_low ?? null,
      auroc_high: told?.auroc_high ?? null,
    };
  }
}
