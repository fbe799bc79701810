// Dose and response: how likely a refusal opening is at each strength, beside what random directions of
// equal norm do. From `prompt` (refusal_logodds), `control` and `verdict` frames.
//
// The scale is the log-odds, labelled with probabilities: a change from .95 to .99 is as tall as one from .5 to .84.
// The curve is drawn once per run; what moves with the slider is an overlay, so dragging never waits for Plotly.

import { domain, share, unitName } from "../steering/axis.js";
import { chart } from "../../core/chart.js";
import { fill, h, listen, unfold } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { filled, probability, sig3, signed } from "../../core/format.js";
import { freePlace } from "./free_place.js";
import { legendOf, nControls } from "./legend.js";
import { monotone } from "./monotone.js";
import { ticksOf } from "./ticks.js";
import { directions } from "../names.js";
import { armAt, armsWhole, bandName, control, idleArm, idleOf, isOpen, logodds, points, sigmoid } from "../run.js";
import { goTo } from "../steering/sliders.js";
import { DOSE_COLUMNS, OUTCOMES } from "../../core/protocol.js";
import { answerRibbon } from "./ribbon.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { offstage } from "../picture/offstage.js";
import { shownWords } from "../picture/words.js";

const APART = 8; // how far a label may reach over the plot's right edge
const SHORT = { 0.000001: "10⁻⁶", 0.999999: "1−10⁻⁶" }; // the others are no wider than the margin

/** Lowest and highest log-odds that a sweep's curve has to show. @returns {[number, number]} */
export function extent(run, sweep) {
  const values = [-4.7, 4.7];
  for (const point of run?.prompt ? points(run, sweep) : []) {
    const seen = control(run, point);
    values.push(logodds(run, point.arm), ...(seen ? [seen.low, seen.high] : []));
  }
  return [Math.min(...values), Math.max(...values)];
}

/** Where `state` has an `extent`, the scale is that one and not the run's own. */
export function doseCurve(element, state) {
  const about = h("span", { class: "note", title: "Mean, and 5 to 95 % of them" });
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const plot = h("div", { class: "plot pending-plot", "aria-hidden": "true" });
  const overlay = h("div", { class: "overlay", "aria-hidden": "true" });
  const waiting = h("p", { class: "note waiting" });
  const ribbon = h("div", { class: "curve-ribbon" });
  const behind = h("div", { class: "behind" });
  const figurePlace = h("div", { class: "figure" }, plot, overlay, waiting);
  fill(
    element,
    h(
      "div",
      { class: "row curve-head" },
      h(
        "h2",
        { title: "Probability that the first answer token opens a refusal. The axis is spaced by log-odds." },
        door("p_refusal", "P(refusal opening)"),
      ),
      about,
      h("span", { class: "push" }, unfold("curve", "More", curvePicture(state), button)),
    ),
    figurePlace,
    ribbon,
    behind,
  );

  let range = [-5.2, 5.2];
  let frame = measure(); // of the plot, in px; read when the size changes, never while dragging
  const figure = chart(plot, make);
  let timer = 0;
  const offs = [
    state.on(["run", "sweep", "sliders", "card"], () => {
      if (timer) return;
      const busy = isOpen(state.get("run") ?? {});
      timer = setTimeout(redraw, busy ? 120 : 0);
    }),
    state.on(["run", "steer", "card"], drawOverlay),
    answerRibbon(ribbon, state),
    listen(plot, "click", (event) => {
      const [low, high] = domain(state);
      const x = event.clientX - plot.getBoundingClientRect().left;
      goToNearest(low + ((x - frame.left) / frame.width) * (high - low));
    }),
    tableButton(button, behind, state, ["run", "steer", "sweep"], () => curveTable(state)),
  ];
  const size = new ResizeObserver(() => {
    frame = measure();
    drawOverlay();
  });
  size.observe(plot);
  return () => {
    for (const off of offs) off();
    clearTimeout(timer);
    size.disconnect();
    figure.remove();
    fill(element);
  };

  function redraw() {
    timer = 0;
    const run = state.get("run");
    const sweep = state.get("sweep");
    const [low, high] = state.get("extent") ?? extent(run, sweep);
    range = [low - 0.05 * (high - low), high + 0.05 * (high - low)];
    fill(about, legendOf(run, sweep).map(({ text, term }) => (term ? door(term, text) : text)));
    if (run?.prompt && isOpen(run)) about.append(` · ${armsWhole(run)} of ${run.arms.length} answers`);
    fill(waiting, !run?.prompt && (run && isOpen(run) ? "Measuring…" : "Nothing measured yet."));
    figure.draw();
    drawOverlay();
  }

  function make(colour) {
    frame = measure(); // another width may have other margins
    const run = state.get("run");
    const sweep = state.get("sweep");
    const list = run?.prompt ? points(run, sweep) : [];
    const tickvals = ticksOf(range, frame.height);
    const line = { color: colour("--refusal"), width: 2 };
    const xs = list.map(({ strength }) => strength);
    const ys = list.map(({ arm }) => logodds(run, arm));
    const [x, y] = monotone(xs, ys);
    const band = list
      .map((point) => (point.arm === idleArm(run) ? still(run, point) : { x: point.strength, ...control(run, point) }))
      .filter((seen) => seen && "low" in seen);
    const bandOn = band.length > 1;
    const grey = { color: colour("--control-fill"), width: 1 };
    /** @type {object[]} traces of Plotly */
    const data = bandOn
      ? [
        {
          x: band.map((b) => b.x),
          y: band.map((b) => b.high),
          mode: "lines",
          line: { ...grey, width: 0.75 },
          hoverinfo: "skip",
        },
        {
          x: band.map((b) => b.x),
          y: band.map((b) => b.low),
          mode: "lines",
          line: { ...grey, width: 0.75 },
          fill: "tonexty",
          fillcolor: colour("--band"),
          hoverinfo: "skip",
        },
        {
          x: band.map((b) => b.x),
          y: band.map((b) => b.mean),
          mode: "lines",
          line: { ...grey, width: 1.5, dash: "3px,3px" },
          hoverinfo: "skip",
        },
      ]
      : [];
    data.push(
      { x, y, mode: "lines", line, cliponaxis: false, hoverinfo: "skip" },
      {
        x: xs,
        y: ys,
        mode: "markers",
        cliponaxis: false,
        marker: { size: 5, color: colour("--bg"), line: { color: colour("--refusal"), width: 1.5 } },
        hoverinfo: "skip",
      },
    );
    return {
      data,
      layout: {
        margin: { l: frame.left, r: frame.right, t: 6, b: 6 },
        xaxis: {
          range: domain(state),
          fixedrange: true,
          showgrid: false,
          zeroline: true,
          zerolinecolor: colour("--rule-2"),
          zerolinewidth: 1,
          showticklabels: false,
        },
        yaxis: {
          range,
          fixedrange: true,
          tickvals,
          ticktext: tickvals.map((v) => Number(sigmoid(v).toPrecision(6))).map((p) => `${SHORT[p] ?? p} `),
          ticklabeloverflow: "allow",
          gridcolor: colour("--rule"),
          zerolinecolor: colour("--rule-2"),
          zerolinewidth: 1,
        },
        hovermode: false,
      },
    };
  }

  // Where nothing is pushed, a push along any direction is none.
  function still(run, { strength, arm }) {
    const at = logodds(run, arm);
    return { x: strength, mean: at, low: at, high: at };
  }

  function measure() {
    const style = getComputedStyle(element);
    const [left, right] = ["--axis-left", "--axis-right"].map((name) =>
      Number.parseFloat(style.getPropertyValue(name))
    );
    return { left, right, width: plot.clientWidth - left - right, height: plot.clientHeight - 12 };
  }

  function drawOverlay() {
    const run = state.get("run");
    const steer = state.get("steer");
    const arm = run?.prompt ? armAt(run, steer) : -1;
    if (arm < 0) {
      fill(overlay);
      return;
    }
    const { left, width, height } = frame;
    const strength = steer.sweep === null ? idleOf(run, state.get("sweep")) : steer.strength;
    if (strength === null) {
      fill(overlay); // clamp has no place on the axis where it rests
      return;
    }
    const x = left + width * share(strength, domain(state));
    const place = (v) => 6 + height * (1 - (v - range[0]) / (range[1] - range[0]));
    const y = place(logodds(run, arm));
    const seen = steer.sweep === null ? null : control(run, steer);
    const yc = seen ? place(seen.mean) : null;
    const said = probability(sigmoid(logodds(run, arm)));
    const saidControl = seen ? probability(sigmoid(seen.mean)) : "";
    const room = { left, right: left + width + APART, top: 0, bottom: 12 + height };
    const lines = drawn(run, steer.sweep ?? state.get("sweep")).map(([at, value]) => [
      left + width * share(at, domain(state)),
      place(value),
    ]);
    const stem = seen ? [0.25, 0.5, 0.75].map((part) => [x, y + part * (yc - y)]) : [];
    const taken = [...lines, ...stem, [x, y]];
    const own = freePlace({ x, y }, widthOf(said), room, taken);
    const other = seen && freePlace({ x, y: yc }, widthOf(`${saidControl} random`), room, [...taken, [x, yc]], [own]);
    fill(
      overlay,
      seen &&
        h("span", {
          class: "stem",
          style: { left: `${x}px`, top: `${Math.min(y, yc)}px`, height: `${Math.abs(y - yc)}px` },
        }),
      h("span", { class: "drop", style: { left: `${x}px`, top: `${Math.max(y, yc ?? y)}px` } }),
      seen && h("span", { class: "dot dot-control", style: { left: `${x}px`, top: `${yc}px` } }),
      h("span", { class: "dot dot-refusal", style: { left: `${x}px`, top: `${y}px` } }),
      seen &&
        h("span", { class: "tag tag-control", style: placed(other) }, saidControl, h("small", {}, " random")),
      h("span", { class: "tag tag-refusal", style: placed(own) }, said),
    );
  }

  function goToNearest(x) {
    const run = state.get("run");
    const list = points(run ?? {}, state.get("sweep"));
    if (!list.length) return;
    const nearest = list.reduce((best, point) =>
      Math.abs(point.strength - x) < Math.abs(best.strength - x) ? point : best
    );
    goTo(state, nearest.strength);
  }
}

// What a label may not cover, as strengths and log-odds: the curve, and the band at its edges.
function drawn(run, sweep) {
  const list = points(run, sweep);
  const xs = list.map(({ strength }) => strength);
  const joined = monotone(xs, list.map(({ arm }) => logodds(run, arm)));
  const seen = list.map((point) => [point.strength, control(run, point)]).filter(([, one]) => one && "low" in one);
  const edges = ["low", "high", "mean"].map((edge) =>
    monotone(seen.map(([at]) => at), seen.map(([, one]) => one[edge]))
  );
  return [joined, ...edges].flatMap(([x, y]) => x.map((at, i) => [at, y[i]]));
}

const widthOf = (text) => 8 * text.length; // in px, of a label's font: rather too much

const placed = ({ x, y }) => ({ left: `${x}px`, top: `${y}px` });

/** Saves the curve as a picture: of the slider that is pushed alone, wherever the others reach. */
export function curvePicture(state) {
  const alone = {
    ...state,
    get(name) {
      if (name === "active") return 0;
      if (name === "reach") return [];
      const value = state.get(name);
      return name === "sliders" || name === "values" ? (value ?? []).slice(state.get("active")).slice(0, 1) : value;
    },
  };
  const isDrawn = (element) => element.querySelector(".scatterlayer") && element.querySelector(".segment");
  return pictureButtons(
    async () => {
      const { element, remove } = await offstage(doseCurve, alone, isDrawn);
      const [slider] = alone.get("sliders");
      const across = slider ? `strength, ${unitName(slider.unit)}` : "";
      const up = "upwards: P(refusal opening), spaced by log-odds";
      element.append(...[across, up].map((words) => h("p", { class: "axis-name" }, words)));
      return { elements: [...element.querySelectorAll(PICTURED)], remove };
    },
    () => shownWords("P(refusal opening)", state, linkHere(location)),
  );
}

const PICTURED = ".curve-head > .note, .figure, .curve-ribbon, .axis-name";

function curveTable(state) {
  const run = state.get("run");
  const sweep = state.get("sweep");
  const shown = armAt(run ?? {}, state.get("steer"));
  const direction = directions(run, state.get("card"))[sweep];
  const list = run?.prompt ? points(run, sweep) : [];
  const idle = idleOf(run ?? {}, sweep);
  return {
    caption: `Dose and response, ${direction?.label ?? ""}`,
    head: DOSE_COLUMNS.map((name) => filled(name, { unit: unitName(direction?.unit), band: bandName(nControls(run)) })),
    text: [7, 8],
    rows: list.map((point) => {
      const value = logodds(run, point.arm);
      const seen = control(run, { sweep, strength: point.strength });
      const { verdict, text } = run.arms[point.arm];
      return {
        now: point.arm === shown,
        cells: [
          signed(point.strength),
          point.strength === idle ? "–" : sig3(point.alpha),
          probability(sigmoid(value)),
          sig3(value),
          seen ? probability(sigmoid(seen.mean)) : "–",
          seen ? `${probability(sigmoid(seen.low))} – ${probability(sigmoid(seen.high))}` : "–",
          seen ? String(seen.n) : "–",
          verdict ? OUTCOMES[verdict.outcome].badge.toLowerCase() : "–",
          text,
        ],
      };
    }),
  };
}
