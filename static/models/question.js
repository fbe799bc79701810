// Which question asks about a name of a model's world. Pure.

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
