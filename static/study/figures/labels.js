// What stands at a plot's axes where its values are words: always upright, in lines as broad as there is room; where not
// even a word fits, a number, and a list of what the numbers mean. Pure; knows nothing of what is drawn.

import { cellText } from "../table_text.js";

export const LETTER = 8; // px, about, of a label in the widest of the usual fonts, which have 13 px
export const LINE = 17; // px
const MOST_LINES = 3;

// Plotly reads text as markup of its own; here it is text.
export const told = (cell) => cellText(cell).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const longest = (list) => Math.max(0, ...list.map((one) => cellText(one).length));

/** Of the words in a list of labels, which stay whole. */
export const longestWord = (list) => longest(list.flatMap((one) => cellText(one).split(" ")));

/** A text in lines of `room` px, broken between words; a longer word has a line of its own. @returns {string[]} */
export function linesOf(cell, room) {
  const most = Math.floor(room / LETTER);
  return cellText(cell).split(" ").reduce((lines, word) => {
    const longer = `${lines.at(-1) ?? ""} ${word}`;
    return lines.length && longer.length <= most ? [...lines.slice(0, -1), longer] : [...lines, word];
  }, []);
}

/**
 * Labels side by side, each in a slot of that many px. list: what their numbers mean, where they are numbers.
 * @returns {{ texts: string[], height: number, list: string[] }}
 */
export function beside(cells, slot) {
  const room = slot - LETTER; // between two of them
  const lines = cells.map((one) => linesOf(one, room));
  const most = Math.max(1, ...lines.map(({ length }) => length));
  if (most > MOST_LINES || longestWord(cells) * LETTER > room) {
    return { texts: cells.map((_, i) => String(i + 1)), height: LINE, list: cells.map((one) => cellText(one)) };
  }
  return { texts: lines.map(joined), height: most * LINE, list: [] };
}

/** Labels below each other, before an axis: in lines of `room` px, of which the last says that more was cut. */
export function before(cells, room) {
  const lines = cells.map((one) => cut(linesOf(one, room), Math.floor(room / LETTER)));
  return { texts: lines.map(joined), height: Math.max(1, ...lines.map(({ length }) => length)) * LINE };
}

function cut(lines, most) {
  const kept = lines.slice(0, MOST_LINES).map((line) => line.length > most ? `${line.slice(0, most - 1)}…` : line);
  if (lines.length > MOST_LINES && !kept.at(-1).endsWith("…")) kept.push(`${kept.pop().slice(0, most - 1)}…`);
  return kept;
}

const joined = (lines) => lines.map(told).join("<br>");
