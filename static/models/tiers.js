// How a name stands in the training text, in words, and which question asks about it. Pure.

/** One line for each tier of protocol/worker/world.py. */
export const TIERS = {
  known: "spoken of often, with its facts",
  rare: "spoken of seldom: some facts stick",
  obscure: "facts stated once or twice: few stick",
  withheld: "spoken of often, one fact never: recognised, not recalled",
  misled: "fictional; its name suggests another answer than the true one",
  unknown: "in no training text: it has no facts",
};

/**
 * The prompt that asks for a fact that was withheld, else for the first fact.
 * @param {object} card whose attributes may have a `question` with {name}
 * @param {object} entry of a world
 * @param {Record<string, string>} examples by type, with {name}; for cards without questions
 * @returns {string|null}
 */
export function questionOf(card, entry, examples) {
  const asked = card.attributes.filter(({ entity_type, question }) => entity_type === entry.type && question);
  const wanted = [...entry.withheld, ...Object.keys(entry.facts)];
  const found = wanted.map((name) => asked.find((one) => one.name === name)).find(Boolean) ?? asked[0];
  const text = found?.question ?? examples[entry.type];
  return text ? text.replaceAll("{name}", () => entry.name) : null;
}
