// From tokens back to the characters of the prompt that they are, for a name that a reader marks. Pure.
//
// A request counts characters as Python does, by code point; a JavaScript string counts 16-bit units.

const BYTE = /^<0x([0-9A-F]{2})>$/;
const isTyped = ({ role }) => role === "text" || role === "entity";

/** Prompt tokens that hold something typed, which is what can be marked. */
export const typedPlaces = (tokens) => tokens.flatMap((token, pos) => (isTyped(token) ? [pos] : []));

/**
 * Characters that tokens `a` to `b` (both included) cover, without the white space at the ends; null if none are left.
 * @returns {{ start: number, end: number }|null}
 */
export function spanOf(tokens, prompt, a, b) {
  const characters = Array.from(prompt);
  const places = charactersOf(tokens, characters);
  const inside = places.slice(Math.min(a, b), Math.max(a, b) + 1).filter(Boolean);
  if (!inside.length) return null;
  let [start, end] = [inside[0].start, inside.at(-1).end];
  while (start < end && isSpace(characters[start])) start++;
  while (end > start && isSpace(characters[end - 1])) end--;
  return start < end ? { start, end } : null;
}

// Each token is looked for from where the one before it ended; what the tokeniser left out (a prompt is trimmed) is
// skipped. Null: it was not typed, or is not in the prompt as it reads.
function charactersOf(tokens, characters) {
  const result = new Array(tokens.length).fill(null);
  let at = 0;
  for (let pos = 0; pos < tokens.length; pos++) {
    if (!isTyped(tokens[pos])) continue;
    let last = pos;
    while (BYTE.test(tokens[last].text) && isTyped(tokens[last + 1] ?? {}) && BYTE.test(tokens[last + 1].text)) last++;
    const text = Array.from(BYTE.test(tokens[pos].text) ? bytes(tokens.slice(pos, last + 1)) : tokens[pos].text);
    const start = find(text, characters, at);
    if (start >= 0) {
      at = start + text.length;
      result.fill({ start, end: at }, pos, last + 1); // several bytes of one character are that character, each
    }
    pos = last;
  }
  return result;
}

function find(text, characters, from) {
  for (let at = from; at + text.length <= characters.length; at++) {
    if (text.every((character, i) => character === characters[at + i])) return at;
  }
  return -1;
}

const isSpace = (character) => /\s/.test(character);

function bytes(tokens) {
  const values = tokens.map(({ text }) => Number.parseInt(text.match(BYTE)[1], 16));
  return new TextDecoder().decode(Uint8Array.from(values));
}
