// Doors: a symbol or a word of the field as a link to its line on /method. A press opens what the glossary says of it
// (parts/explanation.js); without that script it is the link. Knows the glossary's keys and marks, and no page.

import { h, s } from "./dom.js";
import { addressOf } from "./root.js";
import { MARKS, PATTERN, TERM_LABELS, TERMS } from "./terms.js";

/** @typedef {keyof typeof TERMS} TermKey */

const attributes = (key) => ({ class: "term", href: addressOf(`/method#${key}`), "data-term": key });

/** A door; without words, the symbol or the name. @param {TermKey} key */
export const door = (key, ...words) => h("a", attributes(key), words.length ? words : nameOf(key));

/** The same in a picture: put a <text> into it. @param {TermKey} key */
export const svgDoor = (key, ...parts) => s("a", attributes(key), ...parts);

/**
 * A text with a door for each symbol in it, the first time that its entry is meant. `met`: entries that have one already,
 * shared by texts that stand together, as a table's cells do.
 * @returns {(string|Element)[]}
 */
export const withDoors = (text, met = new Set()) =>
  pieces(text, met).map(([words, key]) => (key ? door(key, words) : words));

/** What names a value or a column: a door where the glossary has it, else with doors for its symbols. */
export function labelDoor(label, met = new Set()) {
  if (!Object.hasOwn(TERM_LABELS, label)) return withDoors(label, met);
  met.add(TERM_LABELS[label]);
  return door(TERM_LABELS[label], label);
}

/** @returns {[string, TermKey|null][]} a text in pieces, with the entry that a piece is a door to */
export function pieces(text, met = new Set()) {
  /** @type {[string, TermKey|null][]} */
  const found = [];
  let end = 0;
  for (const { 0: mark, index } of text.matchAll(new RegExp(PATTERN, "gu"))) {
    const key = MARKS[mark];
    if (met.has(key)) continue;
    met.add(key);
    if (index > end) found.push([text.slice(end, index), null]);
    found.push([mark, key]);
    end = index + mark.length;
  }
  if (end < text.length) found.push([text.slice(end), null]);
  return found;
}

function nameOf(key) {
  const term = TERMS[key];
  return "symbol" in term ? term.symbol : term.name;
}
