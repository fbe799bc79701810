// What a search for a latent finds. Pure; knows nothing about the page.
//
// "L3 #4", "3/4", "layer 3, 4": that latent in every dictionary of that layer; "4", "#4": in every dictionary.
// Anything else is looked for in names, labels and roles.

const BOTH = /^(?:l|layer\s*)?(\d+)[\s,]*[#/:\s][\s]*#?(\d+)$/i;
const ONE = /^#?(\d+)$/;

/** @returns {{ layer: number|null, latent: number }|null} */
export function indexIn(query) {
  const both = query.trim().match(BOTH);
  if (both) return { layer: Number(both[1]), latent: Number(both[2]) };
  const one = query.trim().match(ONE);
  return one ? { layer: null, latent: Number(one[1]) } : null;
}

/** Every latent that an index may mean. @param {{ id: string, layer: number, d_sae: number }[]} dictionaries */
export function latentsOf(index, dictionaries) {
  return dictionaries
    .filter(({ layer, d_sae }) => (index.layer === null || layer === index.layer) && index.latent < d_sae)
    .map(({ id }) => ({ kind: "latent", dictionary: id, latent: index.latent }));
}

/** Why an index finds nothing, in a sentence that says what would. */
export function nothingAt(index, dictionaries) {
  const layers = [...new Set(dictionaries.map(({ layer }) => layer))].sort((a, b) => a - b);
  const there = dictionaries.filter(({ layer }) => index.layer === null || layer === index.layer);
  if (!there.length) return `No dictionary reads layer ${index.layer}. Layers ${layers.join(", ")} are read.`;
  const most = Math.max(...there.map(({ d_sae }) => d_sae));
  const where = index.layer === null ? "Dictionaries here" : `The dictionaries of layer ${index.layer}`;
  return `${where} have up to ${most.toLocaleString("en")} latents. Use an index from 0 to ${
    (most - 1).toLocaleString("en")
  }.`;
}

/** Whether every word of a query begins a word of what is known of a latent. @param {(string|null)[]} words */
export function fits(query, words) {
  const known = words.filter(Boolean).join(" ").toLowerCase().split(/[\s,()−-]+/);
  const asked = query.toLowerCase().split(/\s+/).filter(Boolean);
  return asked.every((word) => known.some((one) => one.startsWith(word)));
}
