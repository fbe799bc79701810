// What the Models page shows, as the part of the address behind "#". Anything that makes no sense is left out.

/** @typedef {{ model: string|null, q: string, type: string|null, tier: string|null, offset: number }} Search */

/** @returns {Search} */
export function readSearch(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const offset = Number(query.get("from") ?? 0);
  return {
    model: query.get("model") || null,
    q: (query.get("q") ?? "").slice(0, 200),
    type: query.get("type") || null,
    tier: query.get("tier") || null,
    offset: Number.isInteger(offset) && offset > 0 && offset <= 1_000_000 ? offset : 0,
  };
}

/** @param {Partial<Search>} search */
export function writeSearch({ model, q, type, tier, offset }) {
  const query = new URLSearchParams();
  if (model) query.set("model", model);
  if (q) query.set("q", q);
  if (type) query.set("type", type);
  if (tier) query.set("tier", tier);
  if (offset) query.set("from", String(offset));
  return query.size ? `#${query}` : "";
}
