// An element as it looks, as SVG that any program reads: shapes and text, no HTML inside, no stylesheet, nothing fetched.
// Knows what can be seen of an element, and nothing about what it means. Buttons and what is marked
// `data-off-picture` are left out.

import { s } from "../../core/dom.js";
import { boxShapes } from "./boxes.js";
import { inlined } from "./vectors.js";
import { saidText, textLines } from "./words.js";

const LEFT_OUT =
  ".button, [data-off-picture], .behind, .sr, .waiting, script, style, input, select, textarea, fieldset";

/** @returns {{ shapes: Element[], definitions: Element[], width: number, height: number }} */
export function traced(elements) {
  const scrolled = elements.flatMap((element) => [element, ...element.querySelectorAll("*")])
    .filter((element) => element.scrollLeft || element.scrollTop)
    .map((element) => ({ element, left: element.scrollLeft, top: element.scrollTop }));
  for (const { element } of scrolled) element.scrollTo({ left: 0, top: 0, behavior: "instant" });
  const definitions = [];
  const define = (make) => {
    const id = `d${definitions.length}`;
    definitions.push(make(id));
    return id;
  };
  const boxes = elements.map((element) => element.getBoundingClientRect());
  const origin = { x: 0, y: 0 };
  const shapes = [];
  let [width, height] = [0, 0];
  elements.forEach((element, i) => {
    const whole = Math.max(boxes[i].width, element.scrollWidth);
    const tall = Math.max(boxes[i].height, element.scrollHeight);
    if (height) height += 8;
    Object.assign(origin, { x: boxes[i].left, y: boxes[i].top - height });
    shapes.push(...draw(element, { origin, define, root: true }));
    width = Math.max(width, whole);
    height += tall;
  });
  for (const { element, left, top } of scrolled) element.scrollTo({ left, top, behavior: "instant" });
  return { shapes, definitions, width: Math.ceil(width), height: Math.ceil(height) };
}

function draw(element, { origin, define, root = false, right = null }) {
  if (element.matches(LEFT_OUT)) return [];
  const style = getComputedStyle(element);
  if (style.display === "none" || style.visibility === "hidden" || style.opacity === "0") return [];
  const rect = element.getBoundingClientRect();
  const box = { x: rect.left - origin.x, y: rect.top - origin.y, width: rect.width, height: rect.height };
  if (element instanceof SVGSVGElement) return rect.width && rect.height ? [inlined(element, box)] : [];
  const clips = !root && style.overflowX !== "visible" && element.scrollWidth <= element.clientWidth + 1;
  const cut = style.textOverflow === "ellipsis" && style.overflowX !== "visible" ? rect.right : right;
  const inside = [
    ...said(element, "::before", box),
    ...[...element.childNodes].flatMap((node) => {
      if (node instanceof Text) return textLines(node, style, origin, cut);
      return node instanceof Element ? draw(node, { origin, define, right: cut }) : [];
    }),
    ...said(element, "::after", box),
  ];
  const shapes = rect.width && rect.height && !root ? boxShapes(style, box, define) : [];
  const held = clips && inside.length ? [clipped(inside, box, define)] : inside;
  const all = [...shapes, ...held];
  return style.opacity === "1" || !all.length ? all : [s("g", { opacity: style.opacity }, all)];
}

function clipped(shapes, box, define) {
  const id = define((name) => s("clipPath", { id: name }, s("rect", { ...box })));
  return s("g", { "clip-path": `url(#${id})` }, shapes);
}

// A positioned ::before or ::after: the browser gives no box of it, but says where it stands in its element's.
function said(element, which, { x, y }) {
  const style = getComputedStyle(element, which);
  if (style.content === "none" || style.content === "normal" || style.display === "none") return [];
  if (style.position !== "absolute") return [];
  const [left, top, width, height] = ["left", "top", "width", "height"].map((name) => Number.parseFloat(style[name]));
  if (![left, top, width, height].every(Number.isFinite)) return [];
  const edges = ["Left", "Right", "Top", "Bottom"].map((side) => Number.parseFloat(style[`border${side}Width`]) || 0);
  const outer = style.boxSizing === "border-box" ? [0, 0, 0, 0] : edges;
  const size = { width: width + outer[0] + outer[1], height: height + outer[2] + outer[3] };
  const [dx = "0", dy = "0"] = style.translate === "none" ? [] : style.translate.split(" ");
  const move = (by, whole) => by.endsWith("%") ? (whole * Number.parseFloat(by)) / 100 : Number.parseFloat(by) || 0;
  const box = { x: x + left + move(dx, size.width), y: y + top + move(dy, size.height), ...size };
  const text = style.content.match(/^"(.*)"$/)?.[1] ?? "";
  const shapes = boxShapes(style, box, () => "");
  const words = text && saidText(text, box, style);
  return words ? [...shapes, words] : shapes;
}
