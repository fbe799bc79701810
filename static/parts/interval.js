// One figure of a report on a line: the value as a dot, its interval as a bar, what was wanted as a bracket that
// opens towards the wanted side. The numbers stand beside it, so it is hidden from screen readers.

import { s } from "../core/dom.js";
import { figureDomain } from "./scale.js";

/** @param {object} figure of protocol/worker/report.py */
export function interval(figure) {
  const [least, most] = figureDomain(figure);
  const at = (x) => `${(100 * (Math.min(Math.max(x, least), most) - least)) / (most - least || 1)}%`;
  const { value, low, high, at_least, at_most } = figure;
  const wanted = at_least ?? at_most;
  const side = at_least === null ? -4 : 4;
  return s(
    "svg",
    { class: "interval", "aria-hidden": "true" },
    s("line", { x1: "0%", x2: "100%", y1: 10, y2: 10 }),
    low !== null && high !== null && s("line", { class: "interval-bar", x1: at(low), x2: at(high), y1: 10, y2: 10 }),
    wanted !== null &&
      s(
        "svg",
        { x: at(wanted), y: 10, overflow: "visible" },
        s("path", { class: "interval-wanted", d: `M${side} -8H0V8H${side}` }),
      ),
    value !== null && s("circle", { class: "interval-value", cx: at(value), cy: 10, r: 4 }),
  );
}
