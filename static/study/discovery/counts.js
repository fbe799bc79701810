// Which latents tell known names from unknown ones, from the `tally` and `corpus` frames of a discovery: the sums, and
// the worker's own ranking formulas, so that a threshold moves without a run. Pure. Knows nothing about the page.
//
//   f_known, f_unknown   share of a type's known and unknown names on whose last token a latent fires
//   s = f_known − f_unknown, with the other sign for unknown; a latent's score is its worst type's
//   Ferrando et al., equations 6 and 7; the corpus filter is their section 4

export const SPLITS = { train: ["train"], test: ["test"], all: ["train", "validation", "test"] };
export const ROLES = ["known", "unknown"];
const TOP_OF_TYPE = 5; // figure 2

/**
 * @typedef {{ n: number, fired: Uint32Array }} Cell  fired: by latent
 * @typedef {{ id: string, place: number, layer: number, paper_layer: number, d_sae: number, cells: Map<string, Cell>,
 *             corpus: Cell }} Counted  place: among the dictionaries
 * @typedef {{ dictionaries: Counted[], types: string[], shares: Map<string, object> }} Counts  another object whenever
 *   more was tallied
 */

const seen = new WeakMap(); // of an opening -> { tallies, corpus, counts }

/** All that was tallied so far, `null` before the first frame. Adds what is new since it was last asked. @returns {Counts|null} */
export function countsOf({ opening, tallies, corpus }) {
  if (!opening) return null;
  let found = seen.get(opening);
  if (!found || found.tallies > tallies.length || found.corpus > corpus.length) {
    found = { tallies: 0, corpus: 0, counts: noCounts(opening) };
    seen.set(opening, found);
  }
  const { counts } = found;
  if (found.tallies === tallies.length && found.corpus === corpus.length) return counts;
  const by = new Map(counts.dictionaries.map((one) => [one.id, one]));
  for (; found.tallies < tallies.length; found.tallies++) {
    const frame = tallies[found.tallies];
    const { cells, d_sae } = by.get(frame.dictionary);
    const key = cellKey(frame.type, frame.label, frame.split);
    if (!cells.has(key)) cells.set(key, { n: 0, fired: new Uint32Array(d_sae) });
    add(cells.get(key), frame, 2);
  }
  for (; found.corpus < corpus.length; found.corpus++) {
    const frame = corpus[found.corpus];
    const one = by.get(frame.dictionary);
    one.corpus = { n: 0, fired: new Uint32Array(one.d_sae) }; // a later frame has read all of it
    add(one.corpus, frame, 4);
  }
  found.counts = { ...counts, shares: new Map() };
  return found.counts;
}

/**
 * Shares of a type's names on which each latent fires; null where either side has no name yet.
 * @returns {{ known: Float64Array, unknown: Float64Array, n_known: number, n_unknown: number }|null}
 */
export function sharesOf(counts, dictionary, type, half) {
  const key = `${dictionary.id}\n${type}\n${half}`;
  if (!counts.shares.has(key)) counts.shares.set(key, sharesIn(dictionary, type, half));
  return counts.shares.get(key);
}

/** Share of ordinary text's tokens on which each latent fires; null where none was read. */
export const corpusShare = ({ corpus }, latent) => (corpus.n ? corpus.fired[latent] / corpus.n : null);

/**
 * The best latents of both roles, as a `ranking` frame says them, by the training half; what fires on `most` of ordinary
 * text or more is left out. Nothing is said of the test names that only activations tell.
 */
export function ranked(counts, { most, top }) {
  const all = { known: [], unknown: [], specialists_known: [], specialists_unknown: [] };
  for (const dictionary of counts.dictionaries) {
    const shares = byType(counts, dictionary, "train");
    if (!shares.length) continue;
    for (const role of ROLES) {
      const worst = worstOf(shares, role, dictionary.d_sae);
      worst.forEach(
        (score, latent) =>
          score > 0 && passes(dictionary, latent, most) && all[role].push({ dictionary, latent, score }),
      );
      for (const [type, one] of shares) {
        const best = bestOf(dictionary, separation(one, role), most);
        if (best) all[`specialists_${role}`].push({ dictionary, ...best, only: type });
      }
    }
  }
  const told = (one) => ({
    dictionary: one.dictionary.id,
    layer: one.dictionary.layer,
    latent: one.latent,
    score: one.score,
    corpus_share: corpusShare(one.dictionary, one.latent),
    only: one.only ?? null,
  });
  const best = (list, n) => list.sort(before).slice(0, n).map(told);
  return {
    known: best(all.known, top),
    unknown: best(all.unknown, top),
    specialists_known: specialists(counts, all.specialists_known).map(told),
    specialists_unknown: specialists(counts, all.specialists_unknown).map(told),
  };
}

/** A latent in a few characters, for an address: its dictionary's place and its number. */
export const idOf = ({ place }, latent) => `${place}:${latent}`;

/** @returns {{ dictionary: Counted, latent: number }|null} null where there is no such latent */
export function latentOf(counts, id) {
  const [place, latent] = id.split(":").map(Number);
  const dictionary = counts?.dictionaries[place];
  return dictionary && latent < dictionary.d_sae ? { dictionary, latent } : null;
}

/** One latent's shares and score in a half. @returns {{ score: number|null, types: object[] }} */
export function scoreOf(counts, dictionary, latent, role, half, only = null) {
  const types = byType(counts, dictionary, half).map(([type, shares]) => ({
    type,
    f_known: shares.known[latent],
    f_unknown: shares.unknown[latent],
    n_known: shares.n_known,
    n_unknown: shares.n_unknown,
  }));
  const sign = role === "known" ? 1 : -1;
  const told = types.filter(({ type }) => !only || type === only).map((one) => sign * (one.f_known - one.f_unknown));
  return { score: told.length ? Math.min(...told) : null, types };
}

/** By layer: MaxMin of a role, and of each type the mean, least and most of its five best. */
export function depths(counts, role, half, most = null) {
  const layers = [...new Set(counts.dictionaries.map(({ layer }) => layer))].sort((a, b) => a - b);
  return layers.flatMap((layer) => {
    const here = counts.dictionaries.filter((one) => one.layer === layer);
    const shares = here.map((one) => [one, byType(counts, one, half)]).filter(([, some]) => some.length);
    if (!shares.length) return [];
    const best = shares
      .map(([one, some]) => ({
        dictionary: one.id,
        ...(bestOf(one, worstOf(some, role, one.d_sae), most) ?? { latent: null, score: 0 }),
      }))
      .sort((a, b) => b.score - a.score)[0];
    const types = counts.types.flatMap((type) => {
      const values = shares.flatMap(([one, some]) => {
        const found = some.find(([name]) => name === type);
        return found ? [...separation(found[1], role)].filter((_, j) => passes(one, j, most)) : [];
      });
      const top = values.sort((a, b) => b - a).slice(0, TOP_OF_TYPE);
      if (!top.length) return [];
      return [{ type, mean: top.reduce((a, b) => a + b, 0) / top.length, low: top.at(-1), high: top[0] }];
    });
    return [{ layer, ...best, types }];
  });
}

/**
 * What the best latent of each layer reaches by chance, on shuffled labels: from the worker's figure `layers`.
 * @returns {{ layer: number, score: number, low: number, high: number }[]}
 */
export function byChance(figures, role) {
  const figure = figures.get("layers");
  if (!figure) return [];
  const at = Object.fromEntries(figure.columns.map(({ name }, i) => [name, i]));
  const rows = figure.rows.filter((row) => row[at.of] === "shuffled" && row[at.side] === role);
  const told = rows.map((row) => ({
    layer: row[at.layer],
    score: row[at.score],
    low: row[at.low],
    high: row[at.high],
  }));
  return told
    .filter(({ layer }, i) => told.findIndex((one) => one.layer === layer) === i)
    .sort((a, b) => a.layer - b.layer);
}

/** How many latents there are, how many are left by the corpus filter, and how many of those reach a score. */
export function howMany(counts, most, score) {
  let n = 0;
  let left = 0;
  let reach = 0;
  for (const dictionary of counts.dictionaries) {
    n += dictionary.d_sae;
    const shares = byType(counts, dictionary, "train");
    const worst = ROLES.map((role) => worstOf(shares, role, dictionary.d_sae));
    for (let j = 0; j < dictionary.d_sae; j++) {
      if (!passes(dictionary, j, most)) continue;
      left++;
      if (shares.length && (worst[0][j] >= score || worst[1][j] >= score)) reach++;
    }
  }
  return { n, left, reach };
}

// ---- below: sums and order

const cellKey = (type, label, split) => `${type}\n${label}\n${split}`;

function noCounts({ dictionaries, names }) {
  return {
    shares: new Map(),
    types: [...new Set(names.filter(({ label }) => label).map(({ type }) => type))].sort(),
    dictionaries: dictionaries.map(({ id, layer, paper_layer, d_sae }, place) => ({
      id,
      place,
      layer,
      paper_layer,
      d_sae,
      cells: new Map(),
      corpus: { n: 0, fired: new Uint32Array(d_sae) },
    })),
  };
}

// protocol/worker/study_frames.py: little-endian u32 indices, and counts of `width` bytes.
function add(cell, { n, latents, counts }, width) {
  const [where, how] = [latents, counts].map(
    (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer),
  );
  cell.n += n;
  for (let i = 0; 4 * i < where.byteLength; i++) {
    cell.fired[where.getUint32(4 * i, true)] += width === 2 ? how.getUint16(2 * i, true) : how.getUint32(4 * i, true);
  }
}

function sharesIn(dictionary, type, half) {
  const sides = ROLES.map((label) => SPLITS[half].map((split) => dictionary.cells.get(cellKey(type, label, split))));
  const [n_known, n_unknown] = sides.map((cells) => cells.reduce((sum, cell) => sum + (cell?.n ?? 0), 0));
  if (!n_known || !n_unknown) return null;
  const share = (cells, n) => {
    const all = new Float64Array(dictionary.d_sae);
    for (const cell of cells) if (cell) { for (let j = 0; j < all.length; j++) all[j] += cell.fired[j]; }
    return all.map((fired) => fired / n);
  };
  return { known: share(sides[0], n_known), unknown: share(sides[1], n_unknown), n_known, n_unknown };
}

function byType(counts, dictionary, half) {
  return counts.types.map((type) => [type, sharesOf(counts, dictionary, type, half)]).filter(([, shares]) => shares);
}

function separation({ known, unknown }, role) {
  return role === "known" ? known.map((f, j) => f - unknown[j]) : unknown.map((f, j) => f - known[j]);
}

function worstOf(shares, role, d_sae) {
  const worst = new Float64Array(d_sae).fill(Infinity);
  for (const [, one] of shares) separation(one, role).forEach((s, j) => (worst[j] = Math.min(worst[j], s)));
  return worst;
}

const passes = (dictionary, latent, most) => most === null || !((corpusShare(dictionary, latent) ?? 0) >= most);

function bestOf(dictionary, scores, most) {
  let best = null;
  scores.forEach((score, latent) => {
    if ((!best || score > best.score) && passes(dictionary, latent, most)) best = { latent, score };
  });
  return best;
}

const before = (a, b) => b.score - a.score || a.dictionary.place - b.dictionary.place || a.latent - b.latent;

// The best for each type.
function specialists({ types }, found) {
  return types.flatMap((type) =>
    found
      .filter((one) => one.only === type && one.score > 0)
      .sort(before)
      .slice(0, 1)
  );
}
