// The words of a page as text in a picture, each line where it stands, in its own type. Knows nothing about boxes.

import { s } from "../../core/dom.js";
import { paintOf } from "./paint.js";

const measures = new Map(); // by font: how far it reaches above and below its line
let pen = null;

/** @param {Text} node @returns {Element[]} one for each line; `right`: where it is cut with an ellipsis, or null */
export function textLines(node, style, origin, right = null) {
  const ink = paintOf(style.color);
  if (!ink || !node.data.trim()) return [];
  return linesOf(node).map(({ text, rect }) => textAt(text, rect, style, ink, origin, right)).filter(Boolean);
}

/** What a ::before or ::after says, in the box that it takes. */
export function saidText(text, box, style) {
  const ink = paintOf(style.color);
  const rect = { left: box.x, top: box.y, width: box.width, height: box.height };
  return ink && text.trim() ? textAt(text, rect, style, ink, { x: 0, y: 0 }, null) : null;
}

/** How wide a text is, px. */
export function widthOf(text, font) {
  pen ??= document.createElement("canvas").getContext("2d");
  pen.font = font;
  return pen.measureText(text).width;
}

function textAt(text, rect, style, ink, origin, right) {
  const { ascent, descent } = measured(style);
  const y = rect.top - origin.y + (rect.height - ascent - descent) / 2 + ascent;
  const x = rect.left - origin.x;
  let said = text;
  let width = rect.width;
  if (right !== null && rect.left + rect.width > right + 0.5) {
    const font = fontOf(style);
    const room = right - rect.left - widthOf("…", font);
    if (room <= 0) return null;
    const chars = [...text];
    while (chars.length && widthOf(chars.join(""), font) > room) chars.pop();
    said = chars.join("").trimEnd() + "…";
    width = widthOf(said, font);
  }
  return s(
    "text",
    {
      x: round(x),
      y: round(y),
      textLength: [...said].length > 1 ? round(width) : null,
      lengthAdjust: [...said].length > 1 ? "spacingAndGlyphs" : null,
      fill: ink.paint,
      "fill-opacity": ink.opacity < 1 ? ink.opacity : null,
      "font-family": style.fontFamily,
      "font-size": style.fontSize,
      "font-weight": style.fontWeight,
      "font-style": style.fontStyle === "normal" ? null : style.fontStyle,
      "xml:space": "preserve",
    },
    said,
  );
}

// Neighbouring characters on one line. Most texts have one, and are read at once.
function linesOf(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  const rects = [...range.getClientRects()].filter(({ width }) => width > 0);
  if (rects.length === 1) return [{ text: shown(node.data, node, range), rect: rects[0] }];
  const lines = [];
  for (let i = 0; i < node.data.length; i++) {
    range.setStart(node, i);
    range.setEnd(node, i + 1);
    const [rect] = range.getClientRects();
    if (!rect?.width) continue;
    const last = lines.at(-1);
    if (last && Math.abs(last.rect.top - rect.top) < 2) {
      last.text += node.data[i];
      last.rect.width = rect.right - last.rect.left;
    } else {
      const { left, top, width, height } = rect;
      lines.push({ text: node.data[i], rect: { left, top, width, height } });
    }
  }
  return lines.map(({ text, rect }) => ({ text: shown(text, node), rect }));
}

// Spaces that the page shows as one are one, and none where it shows none: at the ends only the browser knows.
function shown(text, node, range = null) {
  const { whiteSpace, textTransform } = getComputedStyle(node.parentElement);
  const said = textTransform === "uppercase" ? text.toUpperCase() : text;
  if (whiteSpace.startsWith("pre")) return said;
  const one = said.replace(/\s+/g, " ");
  if (!range) return one;
  const isSeen = (at) => {
    range.setStart(node, at);
    range.setEnd(node, at + 1);
    return range.getBoundingClientRect().width > 0;
  };
  const last = text.length - 1;
  const begun = /^\s/.test(text) && !isSeen(text.match(/^\s+/)[0].length - 1) && !isSeen(0) ? one.trimStart() : one;
  return /\s$/.test(text) && !isSeen(last) ? begun.trimEnd() : begun;
}

function measured(style) {
  const font = fontOf(style);
  if (!measures.has(font)) {
    widthOf("x", font);
    const { fontBoundingBoxAscent: ascent, fontBoundingBoxDescent: descent } = pen.measureText("x");
    measures.set(font, { ascent, descent });
  }
  return measures.get(font);
}

const fontOf = ({ fontStyle, fontWeight, fontSize, fontFamily }) =>
  `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;

const round = (x) => Math.round(x * 100) / 100;
