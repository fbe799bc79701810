// Which series is which: a sample of each as it is drawn, and its name.

import { h, s } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";

/** Empty where there is one series without a name. @param {string} form @param {{ name: string, look: object }[]} series */
export function legendOf(form, series) {
  if (series.length === 1 && !series[0].name) return null;
  return h(
    "ul",
    { class: "figure-keys" },
    series.map(({ name, look }) => h("li", {}, sample(form, look), name ? withDoors(name) : "–")),
  );
}

function sample(form, look) {
  const hue = `var(${look.fill})`;
  return s(
    "svg",
    { width: 28, height: 12, viewBox: "0 0 28 12", "aria-hidden": "true", style: { color: hue } },
    form === "bars" && swatch(look),
    form === "box" && box(look),
    (form === "line" || form === "roc") &&
      s("path", {
        d: "M0 6H28",
        stroke: "currentColor",
        "stroke-width": 2,
        "stroke-dasharray": look.dash?.replaceAll("px", "") ?? null,
      }),
    (form === "line" || form === "points") && mark(look.shape),
  );
}

function swatch({ hatch, hollow }) {
  const lines = {
    "/": ["M8 11 18 1", "M14 11 22 3"],
    "\\": ["M8 1 18 11", "M14 1 22 9"],
    "-": ["M6 4H22", "M6 8H22"],
    "|": ["M10 1V11", "M16 1V11"],
  };
  lines.x = [...lines["/"], ...lines["\\"]];
  lines["+"] = [...lines["-"], "M10 1V11", "M17 1V11"];
  lines["."] = ["M9 4h2M14 4h2M18 4h2M11 8h2M16 8h2"];
  return [
    s("rect", {
      x: 6,
      y: 1,
      width: 16,
      height: 10,
      style: { fill: hollow ? "var(--band)" : "currentColor" },
      stroke: "currentColor",
    }),
    (lines[hatch] ?? []).map((d) =>
      s("path", { d, style: { stroke: hollow ? "currentColor" : "var(--bg)" }, "stroke-width": 1.5 })
    ),
  ];
}

function box({ hollow, shape }) {
  const empty = hollow || shape.endsWith("open");
  return [
    s("path", { d: "M2 6H8M20 6H26M2 3V9M26 3V9", stroke: "currentColor", "stroke-width": 1.5 }),
    s("rect", {
      x: 8,
      y: 1.5,
      width: 12,
      height: 9,
      fill: empty ? "none" : "currentColor",
      "fill-opacity": 0.3,
      stroke: "currentColor",
      "stroke-width": 1.5,
    }),
    s("path", { d: "M14 1.5V10.5", stroke: "currentColor", "stroke-width": 1.5 }),
  ];
}

function mark(shape) {
  const open = shape.endsWith("open");
  const d = SHAPES[shape.replace(/-open$/, "")] ?? SHAPES.square;
  const empty = open || shape.startsWith("x-thin") || shape.startsWith("asterisk");
  return s("path", {
    d,
    style: { fill: empty ? "var(--bg)" : "currentColor" },
    stroke: "currentColor",
    "stroke-width": 1.75,
  });
}

const SHAPES = {
  circle: "M10 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
  "circle-x": "M10 6a4 4 0 1 0 8 0a4 4 0 1 0-8 0M11.2 3.2l5.6 5.6M16.8 3.2l-5.6 5.6",
  square: "M10.5 2.5h7v7h-7z",
  diamond: "M14 1.5l4.5 4.5-4.5 4.5L9.5 6z",
  "triangle-up": "M14 1.5l4.5 8h-9z",
  "triangle-right": "M10.5 1.5l8 4.5-8 4.5z",
  star: "M14 1l1.5 3.4 3.7.4-2.8 2.5.8 3.7-3.2-1.9-3.2 1.9.8-3.7-2.8-2.5 3.7-.4z",
  bowtie: "M10 2l8 8V2l-8 8z",
  "x-thin": "M10.5 2.5l7 7M17.5 2.5l-7 7",
  asterisk: "M14 1.5v9M10 3.5l8 5M18 3.5l-8 5",
};
