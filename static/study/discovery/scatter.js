// Every latent of a dictionary as a dot: along, the share of known names on which it fires; up, of unknown ones. A press
// selects the nearest, arrow keys walk from the one that tells most to the next. From tallies (study/discovery/counts.js).

import { corpusShare, idOf, latentOf, sharesOf } from "./counts.js";
import { fill, h, s } from "../../core/dom.js";
import { sig3 } from "../../core/format.js";
import { keyOf } from "../../core/keys.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { studyWords } from "../picture/words.js";

const ROOM = { left: 34, right: 14, top: 12, bottom: 38 };
const MOST_HEIGHT = 292;
const REACH = 14; // px from a dot
const IN_TABLE = 50;

/** `state` has counts and options; `choose(changes)` changes those, `select(id)` the latent. */
export function latentScatter(element, state, choose, select) {
  const title = h("h2", {});
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const layer = h("select", { "aria-label": "Dictionary", onchange: () => choose({ dictionary: layer.value }) });
  const type = h("select", { "aria-label": "Type", onchange: () => choose({ type: type.value }) });
  const plot = h("div", {
    class: "scatter-plot",
    tabindex: "0",
    role: "group",
    "aria-roledescription": "scatter plot",
    onpointermove: (event) => hover(near(event)),
    onpointerleave: () => hover(null),
    onclick: (event) => near(event) && select(ofDot(near(event))),
    onkeydown: walk,
  });
  const told = h("p", { class: "note scatter-told", role: "status" });
  const behind = h("div", {});
  const save = pictureButtons(() => [plot], () => {
    const what = `Every latent of ${now?.id ?? ""}, ${type.selectedOptions[0]?.textContent ?? ""}`;
    return now && studyWords(state.get("study"), what, "known names beside unknown ones", linkHere(location));
  });
  const tools = h("span", { class: "row push tight" }, save, button);
  fill(element, h("div", { class: "row wrap" }, title, layer, type, tools), plot, told, behind);

  let dots = [];
  let place = null; // from a dot to pixels
  let over = null; // the dot under the pointer
  let now = null; // the dictionary that is shown
  const offs = [
    state.on(["counts", "options"], () => {
      const counts = state.get("counts");
      now = counts ? shown(counts, state.get("options")) : null;
      dots = now ? dotsOf(counts, now, state.get("options")) : [];
      over = over && dots.find(({ latent }) => latent === over.latent);
      choices(counts);
      draw();
    }),
    tableButton(button, behind, state, ["counts", "options"], () => tableOf(dots, now)),
  ];
  const size = new ResizeObserver(draw);
  size.observe(plot);
  return () => {
    size.disconnect();
    for (const off of offs) off();
    fill(element);
  };

  function choices(counts) {
    const options = state.get("options");
    fill(title, "Every latent");
    const list = counts?.dictionaries ?? [];
    keep(
      layer,
      list.map((one) => [
        one.place,
        list.filter((other) => other.layer === one.layer).length > 1
          ? `L${one.layer} ${one.id}`
          : `L${one.layer}, paper ${one.paper_layer}`,
      ]),
      now?.place,
    );
    keep(type, [["", "all types"], ...(counts?.types ?? []).map((name) => [name, name])], options.type);
  }

  function draw() {
    const width = plot.clientWidth;
    if (!width) return;
    const side = Math.min(width - ROOM.left - ROOM.right, MOST_HEIGHT);
    plot.style.height = `${side + ROOM.top + ROOM.bottom}px`;
    place = { x: (f) => ROOM.left + side * f, y: (f) => ROOM.top + side * (1 - f) };
    fill(plot, picture(width, side));
    plot.setAttribute("aria-label", `${dots.length} latents that fire; use the arrow keys to walk through them`);
  }

  function picture(width, side) {
    const { x, y } = place;
    const spots = new Set(
      dots.map((dot) => `M${Math.round(2 * x(dot.f_known)) / 2} ${Math.round(2 * y(dot.f_unknown)) / 2}h0`),
    );
    const chosen = dots.find((dot) => ofDot(dot) === state.get("options").latent);
    return s(
      "svg",
      { width, height: side + ROOM.top + ROOM.bottom, "aria-hidden": "true" },
      [0, 0.5, 1].map((v) => [
        s("text", { class: "layers-text", x: x(v), y: y(0) + 16, "text-anchor": "middle" }, String(v)),
        s("text", { class: "layers-text", x: x(0) - 8, y: y(v) + 4, "text-anchor": "end" }, String(v)),
      ]),
      s("rect", { class: "scatter-frame", x: x(0), y: y(1), width: side, height: side }),
      s("line", { class: "scatter-equal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
      s("text", { class: "layers-text", x: x(0.5), y: y(0) + 32, "text-anchor": "middle" }, "fires on known names"),
      s("text", { class: "layers-text", x: x(0) + 6, y: y(1) + 14 }, "↑ fires on unknown names"),
      s("path", { class: "scatter-dots", d: [...spots].join("") }),
      [...new Set([chosen, over])].filter(Boolean).map(callout),
    );
  }

  function callout(dot) {
    const { x, y } = place;
    const role = dot.f_known >= dot.f_unknown ? "known" : "unknown";
    const [cx, cy] = [x(dot.f_known), y(dot.f_unknown)];
    const right = dot.f_known > 0.5;
    const low = cy < ROOM.top + 44;
    const at = { x: cx + (right ? -10 : 10), "text-anchor": right ? "end" : "start" };
    return s(
      "g",
      { class: `scatter-callout hue-${role}` },
      s("circle", { class: `layers-point${role === "unknown" ? " layers-ring" : ""}`, cx, cy, r: 5 }),
      s("text", { class: "scatter-name", ...at, y: low ? cy + 18 : cy - 18 }, `#${dot.latent} ${role}`),
      s("text", { class: "layers-text", ...at, y: low ? cy + 31 : cy - 5 }, words(dot)),
    );
  }

  function near(event) {
    if (!place) return null;
    const box = plot.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = REACH;
    for (const dot of dots) {
      const far = Math.hypot(place.x(dot.f_known) - px, place.y(dot.f_unknown) - py);
      if (far < least) [best, least] = [dot, far];
    }
    return best;
  }

  function hover(dot) {
    if (over === dot) return;
    over = dot;
    draw();
  }

  function walk(event) {
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[keyOf(event)];
    if (!way || !dots.length) return;
    event.preventDefault();
    const at = dots.findIndex((dot) => ofDot(dot) === state.get("options").latent);
    const next = dots[at < 0 ? 0 : Math.min(dots.length - 1, Math.max(0, at + way))];
    select(ofDot(next));
    fill(told, `L${now.layer} #${next.latent}: ${words(next)} names.`);
  }

  function ofDot({ latent }) {
    return idOf(now, latent);
  }
}

/** The dictionary that is chosen, or that of the selected latent, or the first. */
function shown(counts, { dictionary, latent }) {
  return counts.dictionaries[dictionary || -1] ?? latentOf(counts, latent)?.dictionary ?? counts.dictionaries[0];
}

/** Those that fire on any name, the one that tells most first. */
function dotsOf(counts, dictionary, { type, half }) {
  const shares = (counts.types.includes(type) ? [type] : counts.types)
    .map((name) => sharesOf(counts, dictionary, name, half))
    .filter(Boolean);
  if (!shares.length) return [];
  const mean = (side, j) => shares.reduce((sum, one) => sum + one[side][j], 0) / shares.length;
  return Array.from({ length: dictionary.d_sae }, (_, latent) => ({
    latent,
    f_known: mean("known", latent),
    f_unknown: mean("unknown", latent),
    corpus_share: corpusShare(dictionary, latent),
  }))
    .filter(({ f_known, f_unknown }) => f_known || f_unknown)
    .sort((a, b) => gap(b) - gap(a) || a.latent - b.latent);
}

const gap = ({ f_known, f_unknown }) => Math.abs(f_known - f_unknown);

const words = ({ f_known, f_unknown }) => `${f_known.toFixed(2)} of known, ${f_unknown.toFixed(2)} of unknown`;

function keep(select, options, value) {
  const wanted = JSON.stringify(options);
  if (select.dataset.holds !== wanted) {
    select.dataset.holds = wanted;
    fill(
      select,
      options.map(([id, name]) => h("option", { value: id }, name)),
    );
  }
  if (value !== undefined) select.value = value;
}

function tableOf(dots, dictionary) {
  return {
    caption: `The ${IN_TABLE} latents of ${dictionary?.id ?? "this layer"} that tell most`,
    head: ["latent", "known", "unknown", "gap", "corpus"],
    rows: dots.slice(0, IN_TABLE).map((dot) => ({
      cells: [
        `#${dot.latent}`,
        dot.f_known.toFixed(3),
        dot.f_unknown.toFixed(3),
        gap(dot).toFixed(3),
        dot.corpus_share === null ? "–" : `${sig3(100 * dot.corpus_share)} %`,
      ],
    })),
  };
}
