// A drawing that is SVG already, with all that stylesheets say about it written into its elements.

import { paintOf } from "./paint.js";

const AS_IT_IS = {
  opacity: "1",
  "stroke-width": null,
  "stroke-dasharray": "none",
  "stroke-linecap": "butt",
  "stroke-linejoin": "miter",
  "font-family": null,
  "font-size": null,
  "font-weight": "400",
  "font-style": "normal",
  "text-anchor": "start",
  "dominant-baseline": "auto",
  "image-rendering": "auto",
  visibility: "visible",
  "paint-order": "normal",
}; // and what goes without saying
const TEXT = ["font-family", "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline"];
const SHAPES = new Set([
  "path",
  "rect",
  "circle",
  "ellipse",
  "line",
  "polyline",
  "polygon",
  "text",
  "tspan",
  "use",
  "g",
]);

/** @param {SVGSVGElement} drawing @param {{ x: number, y: number, width: number, height: number }} box */
export function inlined(drawing, box) {
  const copy = /** @type {SVGSVGElement} */ (drawing.cloneNode(true));
  inline(drawing, copy);
  for (const [name, value] of Object.entries(box)) copy.setAttribute(name, String(value));
  copy.setAttribute("overflow", getComputedStyle(drawing).overflow === "visible" ? "visible" : "hidden");
  return copy;
}

function inline(from, to) {
  const style = getComputedStyle(from);
  if (style.display === "none") {
    to.remove();
    return;
  }
  const children = [...from.children];
  [...to.children].forEach((child, i) => inline(children[i], child));
  for (const name of [...to.getAttributeNames()]) {
    if (/^(class|style|tabindex|role|cursor|pointer-events)$|^(data|aria)-/.test(name)) to.removeAttribute(name);
  }
  if (!SHAPES.has(from.localName) && from.localName !== "image") return;
  const words = from.localName === "text" || from.localName === "tspan";
  for (const [name, usual] of Object.entries(AS_IT_IS)) {
    if (TEXT.includes(name) && !words) continue;
    const value = style.getPropertyValue(name);
    if (value && value !== usual && !(from.localName === "g" && name !== "opacity")) to.setAttribute(name, value);
  }
  if (from.localName === "g" || from.localName === "image") return;
  for (const name of ["fill", "stroke"]) {
    const value = style.getPropertyValue(name);
    if (value.startsWith("url(")) to.setAttribute(name, value);
    else paint(to, name, paintOf(value), style);
  }
}

function paint(element, name, seen, style) {
  const opacity = seen ? seen.opacity * Number(style.getPropertyValue(`${name}-opacity`) || 1) : 0;
  element.setAttribute(name, seen && opacity ? seen.paint : "none");
  if (seen && opacity < 1) element.setAttribute(`${name}-opacity`, String(Math.round(opacity * 1000) / 1000));
  else element.removeAttribute(`${name}-opacity`);
}
