// Nodes of both prompts at their token and layer, two aligned columns: edges on a canvas under the nodes. A threshold
// hides what does little, without another run: nodes that cross it change, the others aren't touched. From the frames
// `nodes`, `edges`, `silent`.

import { $, fill, h, s } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";
import { percent, sig3, visible } from "../../core/format.js";
import { door } from "../../core/term.js";
import { mText } from "../claim.js";
import { edgesOf, gapOf, isSilent, nodeName, sidesOf, valueOf, whoIs } from "../graph.js";
import { nodeAt, nodeId } from "../points.js";
import { tokenOf } from "./table.js";
import { edgeCanvas } from "./edges.js";
import { neighbour, nodeLayout } from "./layout.js";

const HEIGHT = 470;
const MOST = 0.2; // of the gap: the slider's right end
const STEPS = 100;

/** The threshold at a place of its slider, finer where it is small. */
export const shareAt = (step) => Math.round(10_000 * MOST * (step / STEPS) ** 2) / 10_000;

const stepAt = (share) => Math.round(STEPS * Math.sqrt(Math.min(share, MOST) / MOST));

export function latentColumns(element, state) {
  let width = 0;
  let columns = []; // { side, nodes: [{ node, mark, size }], canvas, layout }
  let order = []; // of all nodes, by falling effect: the same in each column
  let shown = 0; // so many of `order` are drawn
  let frame = 0;
  const place = h("div", { class: "columns" });
  const told = h("output", { class: "threshold-told" });
  const slider = h("input", {
    type: "range",
    min: 0,
    max: STEPS,
    "aria-label": "Hide nodes below",
    oninput: () => state.set("least", shareAt(Number(slider.value))),
  });
  fill(
    $("view-more"),
    h("label", { class: "row tight threshold" }, h("span", { class: "note" }, "Hide below"), slider, told),
  );
  fill(element, legend(), place);
  const size = new ResizeObserver(() => {
    if (place.clientWidth === width) return;
    width = place.clientWidth;
    draw();
  });
  size.observe(place);
  const offs = [state.on(["graph", "narrow"], draw), state.on(["least"], cross), state.on(["select", "pins"], mark)];
  return () => {
    cancelAnimationFrame(frame);
    size.disconnect();
    offs.forEach((off) => off());
    fill(element);
    fill($("view-more"));
  };

  function draw() {
    const graph = state.get("graph");
    if (!graph?.start) {
      [columns, order, shown] = [[], [], 0];
      return fill(place);
    }
    if (!place.clientWidth) return;
    if (state.get("narrow")) return list(graph);
    order = [...graph.nodes].sort((x, y) => Math.abs(y.effect) - Math.abs(x.effect));
    shown = 0;
    const sides = sidesOf(graph);
    const wide = (place.clientWidth - (sides.length - 1) * 24) / sides.length;
    const layers = [...new Set(graph.nodes.map(({ layer }) => layer))].sort((a, b) => a - b);
    const layout = nodeLayout(order, {
      n_columns: graph.start.columns.length,
      layers,
      width: wide,
      height: HEIGHT,
      gap: gapOf(graph),
    });
    columns = sides.map((side) => column(graph, side, layout, wide));
    fill(place, columns.map(({ element: one }) => one));
    place.classList.toggle("one", sides.length === 1);
    cross();
    mark();
  }

  function column(graph, side, layout, wide) {
    const { spans, rows, at } = layout;
    const nodes = order.map((node) => {
      const { x, y, r } = at.get(node.number);
      const silent = isSilent(graph, node, side);
      const refuses = node.effect < 0 === gapOf(graph) < 0; // what widens the gap on the refusing side
      const kind = `node ${node.kind === "error" ? "node-error" : ""} ${silent ? "silent" : ""} ${
        refuses ? "for" : "against"
      }`;
      const shape = node.kind === "error" ? s("path", { d: `M0 ${-r}L${r} 0L0 ${r}L${-r} 0Z` }) : s("circle", { r });
      return s("g", {
        class: kind,
        transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
        display: "none",
        "data-node": node.number,
      }, shape);
    });
    const { tokens } = graph.start.sides[side === "a" ? 0 : 1];
    const svg = s(
      "svg",
      {
        class: "nodes",
        width: wide,
        height: HEIGHT + 44,
        tabindex: 0,
        role: "img",
        "data-label": `Nodes of ${whoIs(graph, side)} by token and layer; arrow keys walk, the table has the same`,
        onclick: (event) => pick(event.target.closest("[data-node]"), side),
        onkeydown: (event) => walk(event, side, layout),
      },
      rows.map((
        { layer, y },
      ) => [
        s("line", { class: "layer-line", x1: 26, x2: wide, y1: y, y2: y }),
        s("text", { class: "layer-name", x: 0, y: y + 4 }, `L${layer}`),
      ]),
      nodes,
      spans.map(({ first, last, x, width: w, folded }) => {
        if (folded) {
          return s(
            "text",
            { class: "span-name dim", x: x + w / 2, y: HEIGHT + 18, "text-anchor": "middle" },
            `⟨${last - first + 1}⟩`,
          );
        }
        const pos = graph.start.columns[first][side];
        const text = pos === null ? "–" : visible(tokens[pos].text).slice(0, 12);
        const crowded = text.length * 8 > w;
        const lower = crowded ? spans.filter((one) => !one.folded).findIndex((one) => one.first === first) % 2 : 0;
        return s(
          "text",
          { class: "span-name", x: x + w / 2, y: HEIGHT + 16 + 16 * lower, "text-anchor": "middle" },
          text,
        );
      }),
    );
    const canvas = edgeCanvas(graph, side, layout, wide, HEIGHT);
    return {
      side,
      nodes,
      canvas,
      element: h(
        "section",
        { class: "column", "aria-label": whoIs(graph, side) },
        h("h2", { class: "column-head" }, whoIs(graph, side)),
        h("div", { class: "stage" }, canvas.element, svg),
      ),
    };
  }

  // Only nodes between the old threshold and the new one change.
  function cross() {
    const graph = state.get("graph");
    if (!graph?.start) return;
    const least = state.get("least");
    const gap = Math.abs(gapOf(graph));
    let now = order.length;
    while (now > 0 && Math.abs(order[now - 1].effect) < least * gap) now--;
    for (const { nodes } of columns) {
      for (let i = Math.min(shown, now); i < Math.max(shown, now); i++) {
        nodes[i].setAttribute("display", i < now ? "inline" : "none");
      }
    }
    if (slider !== document.activeElement || Math.abs(shareAt(Number(slider.value)) - least) > 1e-4) {
      slider.value = String(stepAt(least));
    }
    told.textContent = `${percent(least)} of the gap: ${now} of ${order.length} nodes`;
    slider.setAttribute("aria-valuetext", told.textContent);
    shown = now;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      const seen = new Set(order.slice(0, shown).map(({ number }) => number));
      for (const { canvas } of columns) canvas.draw(seen);
    });
  }

  function mark() {
    const graph = state.get("graph");
    const node = graph && nodeAt(graph, state.get("select"));
    const pins = new Set(state.get("pins"));
    for (const { nodes, canvas, side } of columns) {
      order.forEach((one, i) => {
        nodes[i].classList.toggle("node-chosen", one === node);
        nodes[i].classList.toggle("node-pinned", pins.has(nodeId(one)));
      });
      const svg = nodes[0]?.closest("svg");
      svg?.setAttribute("aria-label", svg.dataset.label + (node ? `; chosen: ${nodeName(node)}` : ""));
      canvas.near(node ? edgesOf(graph, node.number, side) : null);
    }
  }

  function pick(mark, side) {
    if (!mark) return;
    const node = state.get("graph").nodes[Number(mark.getAttribute("data-node"))];
    state.set("test", null);
    state.set("x", 0);
    state.set("side", side);
    state.set("select", nodeId(node));
  }

  // Up and down along the strongest edge, to the sides to what stands there.
  function walk(event, side, layout) {
    const key = keyOf(event);
    const graph = state.get("graph");
    if (!key || !/^Arrow/.test(key)) return;
    event.preventDefault();
    const seen = new Map(order.slice(0, shown).map(({ number }) => [number, layout.at.get(number)]));
    const now = nodeAt(graph, state.get("select")) ?? order[0];
    const { into, out } = edgesOf(graph, now.number, side);
    const along = key === "ArrowUp"
      ? out.find(({ to }) => seen.has(to))?.to
      : key === "ArrowDown"
      ? into.find(({ from }) => seen.has(from))?.from
      : undefined;
    const next = along ?? neighbour(seen, now.number, key);
    if (next !== null && next !== undefined) state.set("select", nodeId(graph.nodes[next]));
  }

  // ---- a phone's list of what differs

  function list(graph) {
    columns = [];
    fill(
      place,
      h(
        "ol",
        { class: "differences", "aria-label": "What differs, strongest first" },
        [...graph.nodes].sort((x, y) => Math.abs(y.effect) - Math.abs(x.effect)).slice(0, 40).map((node) =>
          h(
            "li",
            {},
            h(
              "button",
              {
                type: "button",
                class: "difference",
                onclick: () => state.set("select", nodeId(node)),
              },
              h("span", { class: "mono" }, nodeName(node)),
              h("span", { class: "mono note" }, tokenOf(graph, node)),
              h(
                "span",
                { class: "push" },
                sidesOf(graph).map((side) => isSilent(graph, node, side) ? "silent" : sig3(valueOf(node, side))).join(
                  " | ",
                ),
              ),
              h("b", {}, mText(node.effect)),
            ),
          )
        ),
      ),
    );
  }
}

function legend() {
  const sample = (kind, shape) =>
    s(
      "svg",
      { width: 16, height: 16, class: "nodes", viewBox: "-8 -8 16 16", "aria-hidden": "true" },
      s("g", { class: `node ${kind}` }, shape),
    );
  return h(
    "p",
    { class: "row wrap circuit-legend note" },
    h("span", { class: "row tight" }, sample("for", s("circle", { r: 5 })), "makes the gap"),
    h("span", { class: "row tight" }, sample("against", s("circle", { r: 5 })), "works against it"),
    h("span", { class: "row tight" }, sample("silent for", s("circle", { r: 5 })), door("silent_node")),
    h(
      "span",
      { class: "row tight" },
      sample("node-error", s("path", { d: "M0 -6L6 0L0 6L-6 0Z" })),
      door("error_node"),
    ),
    h("span", {}, "area: effect on the gap · lines: ", door("edge", "edges"), ", ink excites, blue inhibits"),
  );
}
