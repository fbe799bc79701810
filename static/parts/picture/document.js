// A picture for a slide: a figure of the page as it stands, what it shows above it, and below it one line that says which
// model, of how many, beside which control, and where to look it up. As a whole SVG document. Knows no figure.

import { s } from "../../core/dom.js";
import { paintOf } from "./paint.js";
import { traced } from "./trace.js";
import { widthOf } from "./words.js";

const PAD = 20;
const LEAST = 480; // px, so that a line has words on it
const TYPE = { title: { size: 15, weight: 600, line: 20 }, caption: { size: 12, weight: 400, line: 16 } };

/**
 * @typedef {{ name: string, title: string, line: string[], link: { href: string, text: string } }} Words
 * line: the parts of the caption before the link, in order; name: of the file, without its ending
 */

/** @param {Element[]} elements @param {Words} words @returns {SVGSVGElement} */
export function pictureDocument(elements, words) {
  const figure = traced(elements);
  const style = getComputedStyle(document.body);
  const width = Math.max(LEAST, figure.width);
  const colour = (name) => paintOf(propertyOf(name))?.paint ?? "none";
  const head = lines(words.title, TYPE.title, width, style.fontFamily);
  const foot = lines([...words.line, words.link.text].join(" · "), TYPE.caption, width, style.fontFamily);
  const top = PAD + head.length * TYPE.title.line + 10;
  const below = top + figure.height + 12;
  const height = below + foot.length * TYPE.caption.line + PAD - 4;
  const whole = s(
    "svg",
    { width: width + 2 * PAD, height, viewBox: `0 0 ${width + 2 * PAD} ${height}`, role: "img" },
    s("title", {}, words.title),
    s("desc", {}, [...words.line, words.link.href].join(" · ")),
    s("defs", {}, figure.definitions),
    s("rect", { width: "100%", height: "100%", fill: colour("--bg") }),
    written(head, TYPE.title, PAD + TYPE.title.line - 5, colour("--ink"), style.fontFamily),
    s("g", { transform: `translate(${PAD} ${top})` }, figure.shapes),
    s(
      "a",
      { href: words.link.href },
      written(foot, TYPE.caption, below + TYPE.caption.line - 4, colour("--ink-3"), style.fontFamily),
    ),
  );
  return /** @type {SVGSVGElement} */ (whole);
}

/** The text of a document, to be kept in a file. */
export const svgText = (drawing) => new XMLSerializer().serializeToString(drawing);

/** The same as pixels, `scale` to a px. @returns {Promise<Blob>} */
export async function pngOf(drawing, scale = 2) {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawing))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Number(drawing.getAttribute("width")) * scale;
  canvas.height = Number(drawing.getAttribute("height")) * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

function written(texts, { size, weight, line }, y, fill, family) {
  const type = { "font-family": family, "font-size": size, "font-weight": weight, fill };
  return texts.map((text, i) => s("text", { x: PAD, y: y + i * line, ...type }, text));
}

/** Words side by side as far as they fit. A word that is wider than the line stands alone. */
export function lines(text, { size, weight }, width, family, measure = widthOf) {
  const font = `${weight} ${size}px ${family}`;
  const found = [];
  for (const word of text.split(" ")) {
    const longer = found.length ? `${found.at(-1)} ${word}` : word;
    if (found.length && measure(longer, font) <= width) found[found.length - 1] = longer;
    else found.push(word);
  }
  return found;
}

// Custom properties are light-dark() pairs; a colour that the browser has resolved is not.
function propertyOf(name) {
  const probe = document.createElement("span");
  probe.style.setProperty("forced-color-adjust", "none");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
