// Turn what is chosen: a slider from off to the other prompt's value and beyond; what the graph predicts and what the
// model does as bars on one axis, with the band of random directions. From the recording where it measured that, else
// from POST /api/turn, all places of the slider at once.

import { Refused, turnCircuit } from "../core/api.js";
import { fill, h, s } from "../core/dom.js";
import { door, withDoors } from "../core/term.js";
import { nextText, probability } from "../core/format.js";
import { keyOf } from "../core/keys.js";
import { controlWords, directionOf, groupName, hueOf, mText, outcomeOf, turnVerdict } from "./claim.js";
import { nodeName, sideOf, sidesOf, whoIs } from "./graph.js";
import {
  chosenOf,
  nearestPoint,
  partner,
  placeName,
  pointBy,
  pointsOf,
  railOf,
  turnedPoints,
  turnRequests,
  whoseOf,
} from "./points.js";

/** The key under which answers to a turn are kept. */
export const turnKey = (select, side, pins) => `${side}/${select === "pins" ? `pins ${pins.join(" ")}` : select}`;

/** The points of what is chosen on the side that is turned. */
export function pointsNow(state) {
  const [graph, select, side, pins, turns] = ["graph", "select", "side", "pins", "turns"].map(state.get);
  const chosen = graph?.start ? chosenOf(graph, select, pins) : null;
  if (!chosen) return [];
  return pointsOf(graph, chosen, side, turns.get(turnKey(select, side, pins)) ?? []);
}

/** The point that the slider stands at; the nearest, where that was not measured. */
export function pointNow(state) {
  return nearestPoint(pointsNow(state), state.get("x"));
}

export function turnView(element, state) {
  let asking = null; // AbortController
  const asked = h("p", { class: "note turn-asked", role: "status" }); // how far the worker is with it, or why it isn't
  const result = h("div", { class: "turn-result", "aria-live": "polite" });
  const head = h("div", { class: "row wrap turn-head" });
  const slider = h("input", {
    type: "range",
    class: "turn-slider",
    step: 0.05,
    min: -1,
    oninput: slid,
    onkeydown: stepped,
  });
  const marks = h("div", { class: "turn-marks" });
  const body = h("div", { class: "turn-body" }, head, h("div", {}, slider, marks), result, asked);
  const offs = [
    state.on(["graph", "select", "side", "pins", "turns", "test"], drawRail),
    state.on(["graph", "select", "side", "pins", "turns", "x"], draw),
    state.on(["graph", "select", "side", "pins", "live"], ask),
  ];
  return () => {
    asking?.abort();
    offs.forEach((off) => off());
    fill(element);
  };

  function chosen() {
    const graph = state.get("graph");
    return graph?.start ? chosenOf(graph, state.get("select"), state.get("pins")) : null;
  }

  async function ask() {
    const [graph, select, side, pins, turns] = ["graph", "select", "side", "pins", "turns"].map(state.get);
    const what = chosen();
    const key = turnKey(select, side, pins);
    asking?.abort();
    fill(asked);
    if (!what || !state.get("live") || graph.phase !== "done" || turns.has(key)) return;
    if (what.nodes.some(({ kind }) => kind === "error")) return;
    const mine = (asking = new AbortController());
    fill(asked, "Asking the model for every place of the slider…");
    try {
      const answers = await Promise.all(
        turnRequests(graph, what, side).map(async ({ request, at }) => ({
          at,
          turned: await turnCircuit(request, mine.signal),
        })),
      );
      if (mine.signal.aborted) return;
      fill(asked);
      state.set("turns", new Map(state.get("turns")).set(key, turnedPoints(answers)));
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      fill(asked, error.message);
    }
  }

  function slid() {
    const point = nearestPoint(pointsNow(state), Number(slider.value));
    if (point) state.set("x", point.x);
  }

  // A key goes to what was measured next, however far that is.
  function stepped(event) {
    const point = pointBy(pointsNow(state), state.get("x"), keyOf(event));
    if (!point) return;
    event.preventDefault();
    state.set("x", point.x);
  }

  function drawRail() {
    const graph = state.get("graph");
    const what = chosen();
    element.hidden = !what || Boolean(state.get("test"));
    if (element.hidden) return;
    if (!element.firstChild) fill(element, body);
    const side = state.get("side");
    const points = pointsNow(state);
    const other = partner(graph, side);
    const sides = sidesOf(graph);
    const held = head.contains(document.activeElement) && /** @type {HTMLElement} */
      (document.activeElement).dataset.side;
    fill(
      head,
      h("h3", {}, "Turn it"),
      h("a", { class: "turn-of", href: "#chosen", onclick: toDetails }, nameOf(what)),
      sides.length > 1 && h(
        "div",
        { class: "segmented", role: "group", "aria-label": "On which prompt" },
        sides.map((one) =>
          h(
            "button",
            {
              type: "button",
              "data-side": one,
              "aria-pressed": String(one === side),
              onclick: () => {
                state.set("side", one);
              },
            },
            whoIs(graph, one),
          )
        ),
      ),
    );
    if (held) /** @type {HTMLElement} */ (head.querySelector(`[data-side="${state.get("side")}"]`))?.focus();
    const [low, high] = railOf(graph);
    slider.max = String(high);
    fill(
      marks,
      [-1, 0, 1, 2].filter((x) => x <= high).map((x) =>
        h(
          "button",
          {
            type: "button",
            class: "turn-mark",
            style: { "--at": `${(x - low) / (high - low)}` },
            disabled: !points.some((p) => p.x === x), // its place stays until the worker measured it
            onclick: () => state.set("x", x),
          },
          x === -1 ? "off" : x === 0 ? "own" : x === 1 && other ? whoseOf(graph, other) : "2 ×",
        )
      ),
    );
  }

  // On a phone the evidence stands above what is docked; the page's address is its own.
  function toDetails(event) {
    event.preventDefault();
    document.getElementById("chosen")?.scrollIntoView({ block: "start" });
  }

  function draw() {
    const graph = state.get("graph");
    const what = chosen();
    const point = what && pointNow(state);
    if (!point) return;
    const side = state.get("side");
    const points = pointsNow(state);
    const own = sideOf(graph, side).m;
    const other = partner(graph, side);
    const where = placeName(graph, point.x, other ? whoIs(graph, other) : "");
    slider.value = String(point.x);
    slider.setAttribute("aria-label", `Turn, on ${whoIs(graph, side)}`);
    slider.setAttribute("aria-valuetext", `${where}, m ${mText(point.m)}`);
    const range = domain(graph, points, own);
    fill(
      result,
      h(
        "p",
        { class: "turn-verdict" },
        h("b", { class: `as-${hueOf(graph, point.m, point.top)}` }, verb(outcomeOf(graph, point.m, point.top))),
        point.x !== 0 && h("span", {}, ` · ${where}`),
        point.top && h("span", { class: "note" }, " · first token ", h("span", { class: "mono" }, nextText(point.top))),
        point.refuses !== null && h("span", { class: "note" }, ` · P refusal ${probability(point.refuses)}`),
      ),
      bars(graph, point, own, range),
      h(
        "p",
        { class: "note turn-told" },
        door("m", "m"),
        ` ${mText(own)} → ${mText(point.m)}`,
        withDoors(`${point.control ? `; ${controlWords(point.control)}` : ""}. ${turnVerdict(graph, side, point)}`),
      ),
    );
  }
}

const nameOf = (what) =>
  what.kind === "group"
    ? groupName(what.group)
    : what.kind === "node"
    ? nodeName(what.node)
    : `${what.nodes.length} pinned`;

const verb = (words) => `It ${words}`;

function domain(graph, points, own) {
  const all = [
    own,
    0,
    ...graph.start.sides.map(({ m }) => m),
    ...points.flatMap((p) => [p.m, p.predicted, p.control?.low, p.control?.high]),
  ]
    .filter((x) => Number.isFinite(x));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const pad = (high - low) * 0.06 || 1;
  return [low - pad, high + pad];
}

// Two bars from where m was, on one axis with the line at which another token comes first.
function bars(graph, point, own, range) {
  const [low, high] = range;
  const at = (m) => `${(100 * (m - low)) / (high - low)}%`;
  const size = (from, to) => `${(100 * Math.abs(to - from)) / (high - low)}%`;
  const bar = (to, y, kind) =>
    s("rect", { class: `turn-${kind}`, x: at(Math.min(own, to)), width: size(own, to), y, height: 10, rx: 1 });
  const line = (name, key, m, y, kind) =>
    h(
      "div",
      { class: "turn-line" },
      h("span", {}, key ? door(key, name) : name),
      s(
        "svg",
        { class: "turn-plot", height: 22, width: "100%", "aria-hidden": "true" },
        point.control &&
          s("rect", {
            class: "turn-band",
            x: at(point.control.low),
            width: size(point.control.low, point.control.high),
            y: 0,
            height: 22,
          }),
        s("line", { class: "turn-zero", x1: at(0), x2: at(0), y1: 0, y2: 22 }),
        s("line", { class: "turn-own", x1: at(own), x2: at(own), y1: 2, y2: 20 }),
        bar(m, y, kind),
      ),
      h("span", { class: `turn-number ${kind === "does" ? "turn-strong" : ""}` }, mText(m)),
    );
  return h(
    "div",
    {},
    line("graph predicts", "graph_predicts", point.predicted, 6, "predicts"),
    line("model does", null, point.m, 6, "does"),
    h(
      "div",
      { class: "turn-line turn-ends", "aria-hidden": "true" },
      h("span"),
      h(
        "span",
        { class: "row" },
        h("span", {}, `◂ ${directionOf(graph, low)}`),
        h("span", { class: "push" }, `${directionOf(graph, high)} ▸`),
      ),
      h("span"),
    ),
  );
}
