// The switch that shows the curve where a screen is too short for it and the answers at once. What it shows is styled
// here; where there is room, it isn't there and the curve always is.

import { fill, h } from "../core/dom.js";

export function curveOpen(element) {
  fill(element, h("label", { class: "curve-open" }, h("input", { type: "checkbox" }), "Curve"));
  return () => fill(element);
}
