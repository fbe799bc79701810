// One spelling for a text, however it is typed: what protocol/spelling.py does, with its tables.

import { ACCENTS, APOSTROPHES, GAPS, LETTERS } from "./protocol.js";

const SPACES = /[\s\x85]+/; // a line's end, in Python

/** "Zoë  D’Œuvre" and "zoe d'oeuvre" are the same. @param {string} text */
export function fold(text) {
  const bare = Array.from(text.replaceAll("´", "'").normalize("NFKD"))
    .filter((c) => !ACCENTS.some(([first, last]) => first <= c && c <= last) && !/\p{Cf}/u.test(c))
    .join("");
  const plain = Array.from(lower(bare).normalize("NFC"), (c) => {
    if (APOSTROPHES.includes(c)) return "";
    return GAPS.includes(c) ? " " : LETTERS[c] ?? c;
  }).join("");
  const words = plain
    .replace(/(?<![\p{L}\p{N}_])([\p{L}\p{N}_])\.\s*(?=[\p{L}\p{N}_]\.)/gu, "$1")
    .replace(/(?<!\p{Nd})\.|\.(?!\p{Nd})/gu, "")
    .split(SPACES)
    .filter(Boolean);
  return words.length ? words.join(" ") : lower(text).trim().split(SPACES).join(" ");
}

// Over the capitals: "ß" is "ss", as Python has it; "ẞ" goes over "ß".
const lower = (text) => text.toLowerCase().toUpperCase().toLowerCase();
