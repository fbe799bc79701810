// Best separation by layer: MaxMin of both roles, and on request the five best of each type with their least and most.
// Beside it, dotted, what was published for Gemma 2 2B. From tallies (study/discovery/counts.js).

import { byChance, depths, ROLES } from "./counts.js";
import { fill, h, s } from "../../core/dom.js";
import { door, withDoors } from "../../core/term.js";
import { sig3 } from "../../core/format.js";
import { GEMMA_2_2B } from "./published.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { studyWords } from "../picture/words.js";

const HEIGHT = 212;
const ROOM = { left: 32, right: 70, top: 8, bottom: 22 };
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** `state` has counts and options; `choose(changes)` changes those. */
export function separationByLayer(element, state, choose) {
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const plot = h("div", { style: { height: `${HEIGHT}px` } });
  const behind = h("div", {});
  const ticks = ["filtered", "top5", "paper"].map((name) => [
    name,
    h("input", { type: "checkbox", onchange: ({ target }) => choose({ [name]: target.checked ? "yes" : "no" }) }),
  ]);
  const words = { filtered: "corpus filter", top5: "five best", paper: "beside the paper" };
  const note = h("p", { class: "note" });
  const save = pictureButtons(
    () => [plot, note],
    () => studyWords(state.get("study"), "Best separation by layer", "control: shuffled labels", linkHere(location)),
  );
  const tools = h("span", { class: "row push tight" }, save, button);
  fill(
    element,
    h("div", { class: "row" }, h("h2", {}, "Best ", door("separation_min", "separation"), " by layer"), tools),
    h(
      "div",
      { class: "row wrap depths-tools" },
      ticks.map(([name, input]) => h("label", { class: "check-label" }, input, words[name])),
    ),
    plot,
    note,
    behind,
  );
  let curves = [];
  const draw = () => plot.clientWidth && fill(plot, picture(curves, state.get("options"), plot.clientWidth));
  const offs = [
    state.on(["counts", "options", "study"], () => {
      const [counts, options] = [state.get("counts"), state.get("options")];
      for (const [name, input] of ticks) {
        input.disabled = name === "filtered" && options.most === "off";
        input.checked = options[name] === "yes" && !input.disabled;
      }
      const most = options.filtered === "yes" && options.most !== "off" ? Number(options.most) : null;
      const roles = options.role === "both" ? ROLES : [options.role];
      curves = counts
        ? roles.map((role) => ({
          role,
          layers: depths(counts, role, options.half, most),
          chance: byChance(state.get("study").figures, role),
        }))
        : [];
      fill(note, said(curves, options));
      draw();
    }),
    tableButton(button, behind, state, ["counts", "options"], () => tableOf(curves)),
  ];
  const size = new ResizeObserver(draw);
  size.observe(plot);
  return () => {
    size.disconnect();
    for (const off of offs) off();
    fill(element);
  };
}

function picture(curves, options, width) {
  const layers = curves.flatMap((curve) => curve.layers.map(({ layer }) => layer));
  const [first, last] = layers.length ? [Math.min(...layers), Math.max(...layers)] : [0, 1];
  const step = (width - ROOM.left - ROOM.right - 16) / (last - first || 1);
  const x = (layer) => ROOM.left + 8 + step * (layer - first);
  const y = (v) => HEIGHT - ROOM.bottom - (HEIGHT - ROOM.top - ROOM.bottom) * Math.max(0, Math.min(1, v));
  const path = (points) => points.map(([a, b], i) => `${i ? "L" : "M"}${a.toFixed(1)} ${b.toFixed(1)}`).join("");
  const all = [...new Set(layers)].sort((a, b) => a - b);
  const every = Math.ceil(all.length / Math.max(2, Math.floor((width - ROOM.left - ROOM.right) / 30)));
  const published = (role) =>
    GEMMA_2_2B[role].map((v, i, { length }) => [x(first + ((last - first) * i) / (length - 1)), y(v)]);
  return s(
    "svg",
    { width, height: HEIGHT, "aria-hidden": "true" },
    TICKS.map((v) => [
      s("line", { class: "layers-grid", x1: ROOM.left, x2: width - ROOM.right, y1: y(v), y2: y(v) }),
      s("text", { class: "layers-text", x: ROOM.left - 6, y: y(v) + 4, "text-anchor": "end" }, String(v)),
    ]),
    all
      .map(
        (layer, i) =>
          i % every === 0 &&
          s("text", { class: "layers-text", x: x(layer), y: HEIGHT - 6, "text-anchor": "middle" }, `L${layer}`),
      )
      .filter(Boolean),
    options.paper === "yes" && [
      ...curves.map(({ role }) => s("path", { class: `depths-published hue-${role}`, d: path(published(role)) })),
      ...["dotted:", "Gemma", "2 2B"].map((text, i) =>
        s("text", { class: "layers-text", x: width - ROOM.right + 10, y: HEIGHT / 2 - 14 + 13 * i }, text)
      ),
    ],
    curves.map(({ chance }) => [
      s("path", {
        class: "layers-band hue-control",
        d: `${path(chance.map((one) => [x(one.layer), y(one.high)]))}${
          path(chance.map((one) => [x(one.layer), y(one.low)]).reverse()).replace("M", "L")
        }`,
      }),
      s("path", { class: "depths-chance", d: path(chance.map((one) => [x(one.layer), y(one.score)])) }),
    ]),
    options.top5 === "yes" &&
      curves.map(({ role, layers: points }, k) => bars(points, role, k, curves.length, step, x, y)),
    curves.map(({ role, layers: points }) => {
      const places = points.map((one) => [x(one.layer), y(one.score)]);
      return [
        s("path", {
          class: `layers-line hue-${role}`,
          d: path(places),
          "stroke-dasharray": role === "unknown" ? "6 4" : null,
        }),
        places.map(([a, b]) =>
          s("circle", {
            class: `layers-point hue-${role}${role === "unknown" ? " layers-ring" : ""}`,
            cx: a,
            cy: b,
            r: 3.5,
          })
        ),
      ];
    }),
    names(curves, x, y),
  );
}

// Of each type, side by side so that none hides another.
function bars(points, role, k, n_roles, step, x, y) {
  const n = Math.max(...points.map(({ types }) => types.length), 1) * n_roles;
  const room = Math.min(6, (0.7 * step) / n);
  return points.flatMap(({ layer, types }) =>
    types.map(({ mean, low, high }, i) => {
      const at = x(layer) + room * (k * types.length + i - (n - 1) / 2);
      return s(
        "g",
        { class: `depths-bar hue-${role}` },
        s("line", { x1: at, x2: at, y1: y(low), y2: y(high) }),
        s("line", { x1: at - room / 2, x2: at + room / 2, y1: y(mean), y2: y(mean) }),
      );
    })
  );
}

// At the end of each curve; one above the other where they end at one height.
function names(curves, x, y) {
  const ends = curves
    .filter(({ layers }) => layers.length)
    .map(({ role, layers }) => ({ role, x: x(layers.at(-1).layer) + 10, y: y(layers.at(-1).score) + 4 }))
    .sort((a, b) => a.y - b.y);
  ends.forEach((one, i) => i && (one.y = Math.max(one.y, ends[i - 1].y + 14)));
  const over = ends.length ? Math.max(0, ends.at(-1).y - (HEIGHT - ROOM.bottom + 4)) : 0;
  return ends.map((one) => s("text", { class: `depths-name hue-${one.role}`, x: one.x, y: one.y - over }, one.role));
}

function said(curves, { half, paper }) {
  const peaks = curves
    .filter(({ layers }) => layers.length)
    .map(({ role, layers }) => [role, layers.reduce((a, b) => (b.score > a.score ? b : a))]);
  if (!peaks.length) return "Nothing counted yet.";
  const where = { train: "training half", test: "test names", all: "all names" }[half];
  const best = peaks.map(([role, { layer, score }]) => `${role} ${sig3(score)} at L${layer}`).join(", ");
  return [
    `Best latent of each layer in its worst type, ${where}: ${best}.`,
    curves.some(({ chance }) => chance.length) && withDoors(" Grey: on shuffled labels, training half."),
    paper === "yes" && " Dotted: the paper, its 25 layers stretched over these.",
  ];
}

function tableOf(curves) {
  const layers = curves[0]?.layers ?? [];
  const types = layers[0]?.types.map(({ type }) => type) ?? [];
  return {
    caption: "Best separation by layer, and the five best of each type: mean, least and most",
    head: [
      "layer",
      ...curves.flatMap(({ role }) => [`${role} MaxMin`, "latent", ...types.map((type) => `${role}, ${type}`)]),
    ],
    rows: layers.map(({ layer }, i) => ({
      cells: [
        `L${layer}, paper ${layer + 1}`,
        ...curves.flatMap(({ layers: own }) => {
          const one = own[i];
          const cells = types
            .map((type) => one?.types.find((t) => t.type === type))
            .map((t) => (t ? `${sig3(t.mean)} (${sig3(t.low)}–${sig3(t.high)})` : "–"));
          return [one ? sig3(one.score) : "–", one?.latent === null || !one ? "–" : `#${one.latent}`, ...cells];
        }),
      ],
    })),
  };
}
