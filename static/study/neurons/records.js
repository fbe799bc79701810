// The figures of the study `neurons` as records by column, and what is asked of them. Column names are those that
// model_worker/studies/neurons gives its tables; a test holds them together. Pure.

/** @returns {Record<string, any>[]} none of a figure that isn't there */
export function records(figure) {
  if (!figure) return [];
  return figure.rows.map((row) => Object.fromEntries(figure.columns.map(({ name }, i) => [name, row[i]])));
}

/** In the order in which the study tells them: the first is what claims are made of. @returns {string[]} */
export const viewsOf = (study) => [...new Set(records(study.figures.get("readers")).map(({ view }) => view))];

/** The neurons that were chosen, the heaviest first; those with a positive weight are the set. @returns {Record<string, any>[]} */
export const neuronsOf = (study) =>
  records(study.figures.get("neurons")).map((row) => ({ ...row, id: `${row.layer}:${row.index}` }));

/** How many neurons each layer has; null where the recording doesn't say. @returns {number|null} */
export const widthOf = (study) => records(study.figures.get("layers"))[0]?.neurons ?? null;

/**
 * What the dial did, by set and group: at each factor, shares by outcome with their interval, and the lowest and highest
 * of the random sets.
 * @typedef {{ share: number, low: number|null, high: number|null, random: [number, number]|null }} Turned
 * @returns {{ set: string, group: string, n: number, factors: number[], at: Map<string, Map<number, Turned>> }[]}
 */
export function dialOf(study) {
  const found = new Map();
  for (const row of records(study.figures.get("dial"))) {
    const [set, group] = row["set and group"].replace(/, random sets$/, "").split(": ");
    const key = `${set}: ${group}`;
    if (!found.has(key)) found.set(key, { set, group, n: row.prompts, factors: [], at: new Map() });
    const panel = found.get(key);
    const factor = Number(row.factor.slice(1));
    if (!panel.at.has(row.outcome)) panel.at.set(row.outcome, new Map());
    const turned = panel.at.get(row.outcome);
    const now = turned.get(factor) ?? { share: row.share, low: null, high: null, random: null };
    if (row.whose === "themselves") Object.assign(now, { share: row.share, low: row.low, high: row.high });
    else now.random = [row.low ?? row.share, row.high ?? row.share];
    turned.set(factor, now);
    if (row.whose === "themselves" && !panel.factors.includes(factor)) panel.factors.push(factor);
  }
  for (const { factors } of found.values()) factors.sort((a, b) => a - b);
  return [...found.values()];
}
