// Groups of both prompts in two aligned columns, with what each does to the others: measured arrows between boxes, a
// gauge in each. On a phone a list of cards, without a drawing. From the frames `circuit`, `groups`, `arrows`.

import { $, fill, h, s } from "../../core/dom.js";
import { nextText, percent, sig3, visible } from "../../core/format.js";
import { door } from "../../core/term.js";
import { keyOf } from "../../core/keys.js";
import { GROUP_ROLES } from "../../core/protocol.js";
import { aimOf, gapMissing, groupName, hueOf, mText, outcomeOf, shareOf } from "../claim.js";
import { firingNow, firingText, inRoom, isQuiet, overlapWords } from "../firing.js";
import { arrowOn, isBeyond, sideOf, sidesOf, testOf, whoIs } from "../graph.js";
import { pointNow } from "../turn.js";
import { aloneLine } from "./alone.js";
import { arrowElement, legend } from "./arrows.js";
import { groupCards, overlapLine } from "./cards.js";
import { arrowPaths, groupLayout, neighbour } from "./layout.js";

const REDRAWN = ["graph", "narrow", "partners"];

export function groupColumns(element, state) {
  let width = 0;
  let room = Infinity; // px, of a stage
  let stages = []; // what of each column changes while something is turned
  let values = []; // { group, side, button, value, push, gauge }: of each box, or of each line of a card
  const key = h("div", {});
  const columns = h("div", { class: "columns" });
  const told = h("p", { class: "groups-waiting", role: "status" });
  const untouched = h("p", { class: "groups-untouched note" });
  fill(element, key, untouched, told, columns);
  const size = new ResizeObserver(() => {
    if (columns.clientWidth === width) return;
    width = columns.clientWidth;
    draw();
  });
  size.observe(columns);
  const offs = [
    state.on(REDRAWN, draw),
    state.on(["select", "side", "x", "test", "turns", "pins"], update),
  ];
  return () => {
    size.disconnect();
    offs.forEach((off) => off());
    fill(element);
  };

  // Where a window would hide the last lines behind the strip below, rows stand nearer.
  function draw() {
    drawn();
    const [stage] = stages;
    if (!stage) return;
    const strip = document.getElementById("trust");
    const below = strip && getComputedStyle(strip).position === "sticky" ? strip.offsetHeight : 0;
    const around = element.getBoundingClientRect().bottom + scrollY - stage.height;
    room = Math.floor(innerHeight - below - around);
    if (groupLayout(state.get("graph").groups, stage.wide, room).height !== stage.height) drawn();
  }

  function drawn() {
    const graph = state.get("graph");
    [stages, values] = [[], []];
    if (!graph?.start) return [key, told, untouched, columns].forEach((part) => fill(part));
    const pair = sidesOf(graph).length > 1;
    fill(key, pair ? state.get("narrow") ? overlapLine(graph) : legend(overlapWords(graph)) : aloneLine(state));
    const aimed = h(
      "span",
      { class: "note" },
      "What acts on the top box excites or inhibits ",
      h("b", {}, aimOf(graph)),
    );
    fill($("view-more"), !state.get("narrow") && aimed);
    fill(told, graph.groups.length ? toCome(graph) : waiting(graph));
    const held = document.activeElement?.closest?.("[data-group]");
    const [id, side] = held ? [held.getAttribute("data-group"), held.getAttribute("data-on")] : [];
    const narrow = state.get("narrow");
    if (narrow) {
      const cards = groupCards(graph, bar, (group, card) => {
        choose(group, state.get("side"));
        card.scrollIntoView({ block: "nearest" }); // the dock comes over what stands low
      });
      values = cards.told;
      fill(columns, cards.element);
    } else {
      stages = sidesOf(graph).map((one) => stage(graph, one));
      values = stages.flatMap(({ boxes }) => boxes);
      fill(columns, stages.map(({ element: column }) => column));
    }
    columns.classList.toggle("one", !pair);
    if (id) /** @type {HTMLElement} */ (columns.querySelector(`[data-group="${id}"][data-on="${side}"]`))?.focus();
    update();
  }

  function toCome({ phase, groups, groupsToCome }) {
    if (!groupsToCome) return null;
    const n = groups.length + groupsToCome;
    return phase === "running"
      ? `${groups.length} of ${n} groups measured…`
      : `${groups.length} of ${n} groups arrived.`;
  }

  // Roles are read off hundreds of names, once for a model; nodes are there before.
  function waiting(graph) {
    const latents = h(
      "button",
      { type: "button", class: "link", onclick: () => state.set("view", "latents") },
      "Latents",
    );
    if (graph.phase !== "running") return ["No groups arrived. ", latents, " have what did."];
    if (!graph.nodes.length) return "Reading both prompts…";
    const n = graph.checked.size;
    return [
      `${n} of ${graph.nodes.length} nodes checked. Groups come next: the first time names are read for them, some seconds. `,
      latents,
      " are here already.",
    ];
  }

  // ---- one column

  function stage(graph, side) {
    const sides = sidesOf(graph).length;
    const wide = Math.min(MOST_WIDE, Math.max(280, (columns.clientWidth - (sides - 1) * 24) / sides));
    const layout = groupLayout(graph.groups, wide, room);
    const told = gapMissing(graph) ? [] : graph.arrows; // shares of a way that there is
    const arrows = told.map((arrow) => arrowOn(graph, arrow, side)).filter((arrow) => isDrawn(arrow, layout));
    const paths = arrowPaths(layout, arrows, wide);
    const lines = arrows.map((arrow, i) => arrowElement(arrow, paths[i]));
    const boxes = graph.groups.map((group) => box(graph, group, side, layout.boxes.get(group.id)));
    const outcome = h("div", { class: "m-box", style: at(layout.outcome) });
    const svg = s(
      "svg",
      { class: "arrows", width: wide, height: layout.height, "aria-hidden": "true" },
      lines.map(({ line }) => line),
      lines.map(({ label }) => label),
    );
    const element = h(
      "section",
      { class: "column", "aria-label": whoIs(graph, side) },
      h("h2", { class: "column-head" }, whoIs(graph, side)),
      h(
        "div",
        { class: "stage", style: { height: `${layout.height}px` }, onkeydown: (event) => walk(event, layout) },
        svg,
        outcome,
        boxes.map(({ button }) => button),
      ),
      tokens(graph, side),
    );
    return { element, side, outcome, boxes, arrows, drawn: lines, wide, height: layout.height };
  }

  function walk(event, layout) {
    const from = event.target.closest("[data-group]")?.getAttribute("data-group");
    const key = keyOf(event);
    if (!from || !key || !/^Arrow/.test(key)) return;
    const side = event.target.closest("[data-on]").getAttribute("data-on");
    const places = new Map([...layout.boxes].map(([id, one]) => [id, { x: one.x + one.width / 2, y: one.y }]));
    let [to, on] = [neighbour(places, from, key), side];
    if (!to && key === "ArrowRight" && side === "a") [to, on] = [from, "b"];
    if (!to && key === "ArrowLeft" && side === "b") [to, on] = [from, "a"];
    const next = /** @type {HTMLElement} */ (columns.querySelector(`[data-group="${to}"][data-on="${on}"]`));
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  function box(graph, group, side, place) {
    const gauge = bar();
    const value = h("span", {});
    const push = h("span", { class: "push note" });
    const button = h(
      "button",
      {
        type: "button",
        class: `group-box hue-${GROUP_ROLES[group.role].hue}`,
        style: at(place),
        "data-group": group.id,
        "data-on": side,
        "aria-label": words(graph, group, side),
        onclick: () => choose(group, side),
      },
      h(
        "span",
        { class: "group-name" },
        h("span", { class: `group-dot hue-${GROUP_ROLES[group.role].hue}` }),
        groupName(group),
      ),
      h("span", { class: "group-value" }, value, push),
      sidesOf(graph).length > 1 && gauge,
    );
    return { group, side, button, value, push, gauge };
  }

  function bar() {
    return h("span", { class: "gauge" }, h("span", { class: "gauge-rest" }), h("span", { class: "gauge-now" }));
  }

  // What stands between columns that hold no difference is folded.
  function tokens(graph, side) {
    const { tokens: all } = sideOf(graph, side);
    const place = (column) => column[side];
    const parts = [];
    let folded = 0;
    const fold = () => {
      if (folded) {
        const first = !parts.length && sidesOf(graph).length > 1;
        parts.push(
          h("span", { class: "token-fold" }, `⟨${folded}`, first && [" ", door("alike_tokens")], "⟩"),
        );
      }
      folded = 0;
    };
    for (const column of graph.start.columns) {
      const pos = place(column);
      if (pos === null) continue;
      if (column.place === "before" || column.place === "after") folded++;
      else {
        fold();
        parts.push(
          h("span", { class: `circuit-token ${column.place === "end" ? "" : "in-name"}` }, visible(all[pos].text)),
        );
      }
    }
    fold();
    return h("p", { class: "column-tokens mono", "aria-label": `Tokens of ${whoIs(graph, side)}` }, parts);
  }

  // ---- what changes while something is chosen, turned or tested

  function update() {
    const graph = state.get("graph");
    if (!graph?.start) return;
    const [select, side, test] = ["select", "side", "test"].map(state.get);
    const point = test ? null : pointNow(state);
    for (const one of columns.querySelectorAll("[data-group]")) {
      const chosen = one.getAttribute("data-group") === select;
      one.setAttribute("aria-pressed", String(chosen));
    }
    for (const one of stages) {
      const here = point && one.side === side ? point : null;
      outcome(graph, one, here, test);
      const known = one.arrows.some(({ source, target }) => source === select || target === select);
      one.arrows.forEach(({ source, target }, i) => {
        const near = known && (source === select || target === select);
        for (const part of [one.drawn[i].line, one.drawn[i].label]) {
          part.classList.toggle("near", near);
          part.classList.toggle("far", known && !near);
        }
      });
    }
    for (const { group, side: on, button, value, push, gauge } of values) {
      const here = point && on === side ? point : null;
      const now = firingNow(graph, group, on, { point: here, select, test });
      fill(value, inRoom(now.text, button?.offsetWidth));
      if (push) fill(push, now.moved || sideWords(graph, group));
      button?.classList.toggle("silent", now.silent);
      if (gauge) moved(gauge, on, here?.gauges?.get(group.id) ?? 0);
    }
    columns.classList.toggle("tested", Boolean(test));
    key.hidden = Boolean(test) && sidesOf(graph).length > 1; // of arrows, which stand back
    fill(untouched, test ? "A test measures m alone. Groups and arrows are untouched: as without it." : null);
  }

  function moved(gauge, side, share) {
    const rest = side === "a" ? 0 : 1;
    const now = Math.min(1, Math.max(0, side === "a" ? share : 1 - share));
    gauge.style.setProperty("--rest", String(rest));
    gauge.style.setProperty("--now", String(now));
    gauge.classList.toggle("turned", Math.abs(now - rest) > 0.004);
  }

  function outcome(graph, { side, outcome: place }, point, test) {
    const own = sideOf(graph, side);
    const result = test ? testOf(graph, test) : null;
    const at = side === "a" ? 0 : 1;
    const m = result ? result.m[at] : (point?.m ?? own.m);
    const top = result ? result.top[at] : (point ? point.top : own.top[0]);
    const changed = Math.abs(m - own.m) > 1e-9;
    place.className = `m-box hue-${hueOf(graph, m, top)}`;
    fill(
      place,
      h("b", { class: `as-${hueOf(graph, m, top)}` }, outcomeOf(graph, m, top)),
      h("span", { class: "m-box-value" }, changed ? `${mText(own.m)} → ${mText(m)}` : mText(m)),
      top && h("span", { class: "mono note push" }, nextText(top)),
    );
  }

  function choose(group, side) {
    const again = state.get("select") === group.id && state.get("side") === side;
    state.set("test", null);
    if (!again) state.set("x", 0);
    state.set("side", side);
    state.set("select", group.id);
  }
}

// ---- words and shapes

const MOST_WIDE = 680; // px of a column

const LEAST = 0.05; // of a target's way: what moves it less is in the table alone

/** Its share of the gap; of one prompt alone what its absence does. */
function sideWords(graph, group) {
  if (sidesOf(graph).length < 2) return offWords(group);
  const share = shareOf(graph, group);
  return share === null ? "" : percent(share);
}

/** Of one prompt alone, what a group's absence does, where random directions of its size do less. */
function offWords({ off_a: off }) {
  if (!off?.control) return "";
  return isBeyond(off.measured, off.control) ? `off ${mText(off.measured)}` : "off: as random";
}

/** Upwards or to a neighbour: what a group does to one below it is in the table alone. */
function isDrawn({ source, target, share }, { boxes }) {
  const [from, to] = [boxes.get(source), boxes.get(target)];
  return from && (target === null || (to && to.y <= from.y)) && Math.abs(share) >= LEAST;
}

const at = ({ x, y, width, height }) => ({
  left: `${x}px`,
  top: `${y}px`,
  width: `${width}px`,
  height: `${height}px`,
});

/** What a box says to who can't see it: what it is, and what it does to the others. */
function words(graph, group, side) {
  const fires = isQuiet(graph, group, side) ? "did not fire" : firingText(graph, group, side);
  const does = (gapMissing(graph) ? [] : graph.arrows).filter(({ source }) => source === group.id).map((arrow) =>
    arrowOn(graph, arrow, side)
  )
    .filter(({ solid }) => solid)
    .map(({ target, inhibits, share }) => {
      const to = target === null ? aimOf(graph) : groupName(graph.groups.find(({ id }) => id === target));
      return `${inhibits ? "inhibits" : "excites"} ${to}, ${sig3(share)}`;
    });
  return [`${groupName(group)} on ${whoIs(graph, side)}`, fires, ...does].filter(Boolean).join("; ");
}
