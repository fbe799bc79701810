// What the box of an HTML element shows, as shapes: its ground, its gradients, its borders, the rings around it, and an
// icon that is a mask. Knows nothing about what stands in it.

import { s } from "../../core/dom.js";
import { paintOf } from "./paint.js";

const SIDES = ["Top", "Right", "Bottom", "Left"];
const COLOUR = /(?:rgba?|color|oklab|oklch|hsla?)\([^()]*\)|#[0-9a-f]{3,8}/g;

/**
 * @param {CSSStyleDeclaration} style @param {{ x: number, y: number, width: number, height: number }} box
 * @param {(make: (id: string) => Element) => string} define keeps a definition and gives its name
 * @returns {Element[]}
 */
export function boxShapes(style, box, define) {
  const icon = maskOf(style.maskImage);
  if (icon) return [iconShape(icon, style.backgroundColor, box)];
  const radius = Math.min(Number.parseFloat(style.borderTopLeftRadius) || 0, box.width / 2, box.height / 2);
  const rx = style.borderTopLeftRadius.endsWith("%") ? Math.min(box.width, box.height) / 2 : radius;
  return [
    ...rings(style.boxShadow, box, rx, false),
    ground(style.backgroundColor, box, rx),
    ...gradients(style, box, define),
    ...borders(style, box, rx),
    ...rings(style.boxShadow, box, rx, true),
  ].filter(Boolean);
}

function ground(colour, box, rx) {
  const seen = paintOf(colour);
  return seen && s("rect", { ...box, rx: rx || null, ...filled(seen) });
}

const filled = ({ paint, opacity }) => ({ fill: paint, "fill-opacity": opacity < 1 ? opacity : null });
const stroked = ({ paint, opacity }, width) => {
  return { fill: "none", stroke: paint, "stroke-width": width, "stroke-opacity": opacity < 1 ? opacity : null };
};

function gradients(style, box, define) {
  const layers = listed(style.backgroundImage);
  const sizes = listed(style.backgroundSize);
  return layers.map((layer, i) => {
    const stops = layer.startsWith("linear-gradient") ? layer.match(COLOUR)?.map(paintOf) : null;
    if (!stops?.every(Boolean)) return null;
    const [width, height = "auto"] = (sizes[i % sizes.length] ?? "auto").split(" ");
    const size = { width: lengthOf(width, box.width), height: lengthOf(height, box.height) };
    const at = { x: box.x + (box.width - size.width) / 2, y: box.y + (box.height - size.height) / 2 };
    if (stops.every(({ paint }) => paint === stops[0].paint)) return s("rect", { ...at, ...size, ...filled(stops[0]) });
    const parts = stops.map(({ paint, opacity }, k) =>
      s("stop", { offset: k / (stops.length - 1), "stop-color": paint, "stop-opacity": opacity })
    );
    const upright = !/90deg|to right/.test(layer);
    const id = define((name) => s("linearGradient", { id: name, ...(upright && { x2: 0, y2: 1 }) }, parts));
    return s("rect", { ...at, ...size, fill: `url(#${id})` });
  });
}

const lengthOf = (text, whole) =>
  text === "auto" ? whole : text.endsWith("%") ? whole * Number.parseFloat(text) / 100 : Number.parseFloat(text);

function borders(style, { x, y, width, height }, rx) {
  const sides = SIDES.map((side) => {
    const thick = Number.parseFloat(style[`border${side}Width`]) || 0;
    const kind = style[`border${side}Style`];
    const seen = thick && !["none", "hidden"].includes(kind) ? paintOf(style[`border${side}Color`]) : null;
    return seen && { ...seen, thick, kind };
  });
  const [top, right, bottom, left] = sides;
  const alike = sides.every((side) => side && JSON.stringify(side) === JSON.stringify(top));
  if (alike) {
    const half = top.thick / 2;
    const inner = { x: x + half, y: y + half, width: width - top.thick, height: height - top.thick };
    if (inner.width <= 0 || inner.height <= 0) return [];
    return [
      s("rect", { ...inner, rx: rx ? Math.max(0, rx - half) : null, ...stroked(top, top.thick), ...dashes(top) }),
    ];
  }
  if (rx && sides.every((side) => side?.kind === "solid" && side.paint === top.paint)) {
    const outer = rounded({ x, y, width, height }, rx);
    const hole = { width: width - left.thick - right.thick, height: height - top.thick - bottom.thick };
    const inner = rounded({ x: x + left.thick, y: y + top.thick, ...hole }, Math.max(0, rx - top.thick));
    return [s("path", { d: `${outer} ${inner}`, "fill-rule": "evenodd", ...filled(top) })];
  }
  const lines = [
    top && [x, y + top.thick / 2, x + width, y + top.thick / 2],
    right && [x + width - right.thick / 2, y, x + width - right.thick / 2, y + height],
    bottom && [x, y + height - bottom.thick / 2, x + width, y + height - bottom.thick / 2],
    left && [x + left.thick / 2, y, x + left.thick / 2, y + height],
  ];
  return lines.map((line, i) => {
    if (!line) return null;
    const [x1, y1, x2, y2] = line;
    return s("line", { x1, y1, x2, y2, ...stroked(sides[i], sides[i].thick), ...dashes(sides[i]) });
  });
}

function rounded({ x, y, width, height }, r) {
  const [w, h] = [width - 2 * r, height - 2 * r];
  const corner = (dx, dy) => `a${r} ${r} 0 0 1 ${dx} ${dy}`;
  const down = `h${w}${corner(r, r)}v${h}${corner(-r, r)}`;
  return `M${x + r} ${y}${down}h${-w}${corner(-r, -r)}v${-h}${corner(r, -r)}z`;
}

const dashes = ({ kind, thick }) => ({
  "stroke-dasharray": kind === "dashed" ? `${2 * thick + 1} ${2 * thick + 1}` : kind === "dotted" ? `${thick}` : null,
});

// Of shadows only rings: those that are neither moved nor blurred.
function rings(shadows, { x, y, width, height }, rx, inside) {
  return listed(shadows === "none" ? "" : shadows).map((shadow) => {
    const seen = paintOf(shadow.match(COLOUR)?.[0]);
    const [dx, dy, blur, spread] = (shadow.replace(COLOUR, "").match(/-?[\d.]+px/g) ?? []).map(Number.parseFloat);
    if (!seen || dx || dy || blur || !(spread > 0) || shadow.includes("inset") !== inside) return null;
    const off = inside ? spread / 2 : -spread / 2;
    const ring = { x: x + off, y: y + off, width: width - 2 * off, height: height - 2 * off };
    return s("rect", { ...ring, rx: Math.max(0, rx - off) || null, ...stroked(seen, spread) });
  });
}

/** What stands between commas that are in no brackets. */
function listed(text) {
  const parts = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    else if (i === text.length || (text[i] === "," && !depth)) {
      if (text.slice(from, i).trim()) parts.push(text.slice(from, i).trim());
      from = i + 1;
    }
  }
  return parts;
}

function maskOf(image) {
  const [, address] = image?.match(/^url\("data:image\/svg\+xml,(.*)"\)$/s) ?? [];
  return address ? decodeURIComponent(address) : null;
}

function iconShape(markup, colour, { x, y, width, height }) {
  const icon =
    new DOMParser().parseFromString(markup.replaceAll("#000", paintOf(colour)?.paint ?? "none"), "image/svg+xml")
      .documentElement;
  for (const [name, value] of Object.entries({ x, y, width, height })) icon.setAttribute(name, String(value));
  return document.importNode(icon, true);
}
