// A curve over layers: one line a series, straight from point to point, its band behind it. From a report.
// Series differ by shape and dashes; a hue only where the name says known, unknown, refusal or random.

import { fill, h, s } from "../core/dom.js";
import { withDoors } from "../core/term.js";
import { plain, sig3 } from "../core/format.js";
import { curveAxis } from "../parts/scale.js";
import { tableButton } from "../parts/table.js";

const HEIGHT = 220;
const ROOM = { left: 44, right: 12, top: 8, bottom: 36 };
const DASHES = [null, "6 4", "2 3", "9 3 2 3"];

/** Draws into `element`; returns what removes it. */
export function layerCurve(element, curve) {
  const button = h("button", { class: "button button-plain push", type: "button" }, "Table");
  const plot = h("div", { class: "layers-plot", style: { height: `${HEIGHT}px` } });
  const behind = h("div", {});
  const styles = curve.series.map(({ name }, i) => ({
    hue: hueOf(name),
    dash: DASHES[i % DASHES.length],
    shape: i % 4,
  }));
  fill(
    element,
    h("div", { class: "row" }, h("h4", {}, withDoors(curve.title)), button),
    h("p", { class: "note" }, withDoors(curve.y)),
    plot,
    h(
      "ul",
      { class: "layers-legend" },
      curve.series.map(({ name }, i) =>
        h(
          "li",
          {},
          s(
            "svg",
            { width: 28, height: 12, "aria-hidden": "true" },
            stroke("M0 6H28", styles[i]),
            point(14, 6, styles[i]),
          ),
          name,
        )
      ),
    ),
    behind,
  );
  const draw = () => plot.clientWidth && fill(plot, picture(curve, styles, plot.clientWidth));
  const size = new ResizeObserver(draw);
  size.observe(plot);
  const off = tableButton(button, behind, { on: (_, now) => (now(), () => {}) }, [], () => tableOf(curve));
  return () => {
    size.disconnect();
    off();
    fill(element);
  };
}

function picture({ layers, x, series }, styles, width) {
  const { domain, ticks } = curveAxis(series);
  const [first, last] = [Math.min(...layers), Math.max(...layers)];
  const px = (layer) => ROOM.left + 8 + ((width - ROOM.left - ROOM.right - 16) * (layer - first)) / (last - first || 1);
  const py = (v) =>
    HEIGHT - ROOM.bottom - ((HEIGHT - ROOM.top - ROOM.bottom) * (v - domain[0])) / (domain[1] - domain[0]);
  const line = (values) =>
    values.map((v, i) => `${i ? "L" : "M"}${px(layers[i]).toFixed(1)} ${py(v).toFixed(1)}`).join("");
  const every = Math.ceil(layers.length / Math.max(2, Math.floor(width / 40)));
  return s(
    "svg",
    { width, height: HEIGHT, "aria-hidden": "true" },
    ticks.map((v) => [
      s("line", { class: "layers-grid", x1: ROOM.left, x2: width - ROOM.right, y1: py(v), y2: py(v) }),
      s("text", { class: "layers-text", x: ROOM.left - 6, y: py(v) + 4, "text-anchor": "end" }, plain(v)),
    ]),
    layers.map((layer, i) =>
      i % every
        ? null
        : s("text", { class: "layers-text", x: px(layer), y: HEIGHT - 20, "text-anchor": "middle" }, `L${layer}`)
    ),
    s(
      "text",
      { class: "layers-text", x: (ROOM.left + width - ROOM.right) / 2, y: HEIGHT - 4, "text-anchor": "middle" },
      x,
    ),
    series.map(({ low, high }, i) => {
      if (!low || !high) return null;
      const back = high.map((v, k) => `L${px(layers[k]).toFixed(1)} ${py(v).toFixed(1)}`).reverse().join("");
      return s("path", { class: `layers-band hue-${styles[i].hue}`, d: `${line(low)}${back}Z` });
    }),
    series.map(({ values }, i) => [
      stroke(line(values), styles[i]),
      values.map((v, k) => point(px(layers[k]), py(v), styles[i])),
    ]),
  );
}

function stroke(d, { hue, dash }) {
  return s("path", { class: `layers-line hue-${hue}`, d, "stroke-dasharray": dash });
}

function point(x, y, { hue, shape }) {
  const size = 3.5;
  const d = [
    `M${x - size} ${y}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0`,
    `M${x - size} ${y}a${size} ${size} 0 1 0 ${2 * size} 0a${size} ${size} 0 1 0 ${-2 * size} 0`,
    `M${x - size} ${y - size}h${2 * size}v${2 * size}h${-2 * size}z`,
    `M${x} ${y - size - 1}l${size + 1} ${size + 1}l${-size - 1} ${size + 1}l${-size - 1} ${-size - 1}z`,
  ][shape];
  return s("path", { class: `layers-point hue-${hue}${shape === 1 ? " layers-ring" : ""}`, d });
}

function hueOf(name) {
  if (/random|shuffle|control/i.test(name)) return "control";
  if (/refus/i.test(name)) return "refusal";
  const known = /\bknown\b/i.test(name);
  const unknown = /\bunknown\b/i.test(name);
  return known === unknown ? "ink" : known ? "known" : "unknown";
}

function tableOf({ title, layers, series, y }) {
  return {
    caption: `${title}: ${y}, by layer`,
    head: ["layer", ...series.flatMap(({ name, low, high }) => (low && high ? [name, "low – high"] : [name]))],
    rows: layers.map((layer, i) => ({
      cells: [
        `L${layer}`,
        ...series.flatMap(({ values, low, high }) =>
          low && high ? [sig3(values[i]), `${sig3(low[i])} – ${sig3(high[i])}`] : [sig3(values[i])]
        ),
      ],
    })),
  };
}
