// Edges of one column on a canvas under its nodes: thousands as a few paths, in the colours of the page. What is near a
// chosen node is drawn again on top. Knows positions and weights, no element of the nodes.

import { h } from "../../core/dom.js";

const WIDTHS = [0.5, 1, 1.8]; // px, by how strong an edge is
const NEAR = 24; // edges of a chosen node that are drawn strongly

/** `at`: where each node stands, layout.js nodeLayout. */
export function edgeCanvas(graph, side, { at }, width, height) {
  const ratio = Math.min(2, globalThis.devicePixelRatio ?? 1);
  const far = h("canvas", { class: "edges", width: width * ratio, height: height * ratio });
  const top = h("canvas", { class: "edges", width: width * ratio, height: height * ratio });
  for (const canvas of [far, top]) {
    canvas.style.setProperty("width", `${width}px`);
    canvas.style.setProperty("height", `${height}px`);
  }
  const element = h("div", { "aria-hidden": "true" }, far, top);
  const edges = [...graph.edges[side]].sort((x, y) => Math.abs(y.weight) - Math.abs(x.weight));
  const most = Math.abs(edges[0]?.weight ?? 1);
  const lines = edges.map((edge) => ({ ...edge, strong: strength(Math.abs(edge.weight) / most) }));
  let visible = new Set();
  const theme = new MutationObserver(() => draw(visible));
  theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw(visible));
  return { element, draw, near };

  function draw(now) {
    visible = now;
    const context = begun(far);
    const paths = new Map();
    for (const { from, to, weight, strong } of lines) {
      if (!now.has(from) || !now.has(to)) continue;
      const kind = `${weight < 0 ? "inhibits" : "excites"}/${strong}`;
      let path = paths.get(kind);
      if (!path) paths.set(kind, path = new Path2D());
      trace(path, at.get(from), at.get(to));
    }
    stroke(context, paths, 0.34);
  }

  /** @param {{ into: any[], out: any[] }|null} edges of the chosen node */
  function near(edges) {
    const context = begun(top);
    far.classList.toggle("faint", Boolean(edges));
    if (!edges) return;
    const paths = new Map();
    for (const { from, to, weight } of [...edges.into.slice(0, NEAR), ...edges.out.slice(0, NEAR)]) {
      const kind = `${weight < 0 ? "inhibits" : "excites"}/${strength(Math.abs(weight) / most)}`;
      let path = paths.get(kind);
      if (!path) paths.set(kind, path = new Path2D());
      trace(path, at.get(from), at.get(to));
    }
    stroke(context, paths, 1);
  }

  function begun(canvas) {
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
  }

  function stroke(context, paths, alpha) {
    const style = getComputedStyle(far);
    context.globalAlpha = alpha;
    for (const [kind, path] of paths) {
      const [sign, strong] = kind.split("/");
      context.strokeStyle = sign === "inhibits" ? style.outlineColor : style.color;
      context.lineWidth = WIDTHS[strong];
      context.stroke(path);
    }
  }
}

const strength = (share) => (share > 0.4 ? 2 : share > 0.1 ? 1 : 0);

function trace(path, from, to) {
  path.moveTo(from.x, from.y - from.r);
  const bend = (from.y - to.y) * 0.45;
  path.bezierCurveTo(from.x, from.y - bend, to.x, to.y + bend, to.x, to.y + to.r);
}
