// All that a discovery found: the ranking, separation by layer, every latent of a layer, and the figures it came with.
// Draws a study (study/study.js) that is under way, whole or a recording, and counts anew when the corpus threshold moves.

import { countsOf } from "./counts.js";
import { fill, h } from "../../core/dom.js";
import { mostOf, rowsOf } from "./rows.js";
import { channels } from "../../core/store.js";
import { separationByLayer } from "./depths.js";
import { liveFigure } from "../figures/figure.js";
import { mount } from "../../parts/mount.js";
import { rankingTable } from "./ranking.js";
import { latentScatter } from "./scatter.js";
import { pinned, pinTray, repinned } from "./tray.js";

const HALVES = { train: "Training half", test: "Test names", all: "All names" };
const SHOWN_EVERY_MS = 400;

const OURS = ["layers", "latents", "types"]; // figures that these views draw, from the tallies

const PLAIN = {
  role: "both",
  half: "train",
  rows: "few",
  filtered: "yes",
  top5: "no",
  paper: "yes",
  dictionary: "",
  type: "",
  latent: "",
  pins: "",
};

/**
 * `options`: what was chosen, by name, in short texts; `onOptions(options)` hears of every choice, without what is usual.
 * `card`: the model's, for its own sliders; null where no worker tells it. `onCard(target)` shows a latent's card.
 * @returns {{ show: (study: object, card?: object) => void, remove: () => void }} `show` draws what arrived meanwhile
 */
export function discoveryView(element, study, { options = {}, onOptions = null, card = null, onCard = null } = {}) {
  const usual = { ...PLAIN, most: mostOf(study) };
  const state = channels({ study, card, counts: null, rows: NO_ROWS, options: { ...usual, ...sensible(options) } });
  let timer = 0;
  let drawnAt = 0;

  const role = segmented("Ranked as", "role", { known: "Known", unknown: "Unknown", both: "Both" });
  const half = segmented("Shares of", "half", HALVES);
  const filter = corpusFilter();
  const parts = ["ranking", "depths", "scatter", "figures", "tray"].map((name) => [
    name,
    h("div", { class: `discovery-${name}` }),
  ]);
  const { ranking, depths, scatter, figures, tray } = Object.fromEntries(parts);
  element.classList.add("discovery");
  const few = study.opening?.too_few ?? [];
  element.classList.toggle("discovery-few", few.length > 0);
  fill(
    element,
    few.length > 0 && doubt(few),
    h(
      "div",
      { class: "discovery-tools row wrap", role: "group", "aria-label": "What is shown" },
      role.element,
      half.element,
      filter.element,
    ),
    h("div", { class: "discovery-main" }, ranking, h("div", { class: "discovery-side" }, depths, scatter)),
    figures,
    tray,
  );
  const act = {
    choose,
    pin: ({ id }) => pin(id),
    isPinned: ({ id }) => pinned(state.get("options")).includes(id),
    select: ({ id }) => select(id),
    card: onCard && (({ dictionary, latent }) => onCard({ kind: "latent", dictionary, latent })),
  };
  const offs = [
    state.on(["counts", "options", "study"], countRows),
    mount(rankingTable, ranking, state, act),
    mount(separationByLayer, depths, state, choose),
    mount(latentScatter, scatter, state, choose, select),
    baselines(figures, state),
    mount(pinTray, tray, state, pin),
  ];
  take(study);

  return {
    show(now, itsCard = null) {
      if (itsCard) state.set("card", itsCard);
      clearTimeout(timer);
      const wait = now.done ? 0 : drawnAt + SHOWN_EVERY_MS - performance.now();
      if (wait > 0) timer = setTimeout(() => take(now), wait);
      else take(now);
    },
    remove() {
      clearTimeout(timer);
      for (const off of offs) off();
      fill(element);
    },
  };

  function take(now) {
    drawnAt = performance.now();
    const before = usual.most;
    usual.most = mostOf(now);
    if (before !== usual.most && state.get("options").most === before) {
      state.set("options", { ...state.get("options"), most: usual.most });
    }
    state.set("counts", countsOf(now));
    state.set("study", now);
  }

  function choose(changes) {
    const next = { ...state.get("options"), ...changes };
    state.set("options", next);
    onOptions?.(Object.fromEntries(Object.entries(next).filter(([name, value]) => value !== usual[name])));
  }

  function select(id) {
    choose(state.get("options").latent === id ? { latent: "" } : { latent: id, dictionary: "" });
  }

  function pin(id) {
    choose(repinned(state.get("options"), id, state.get("card")));
  }

  // ---- the rows of the table

  function countRows() {
    const [counts, options, now] = ["counts", "options", "study"].map(state.get);
    role.draw();
    half.draw();
    filter.draw();
    const key = JSON.stringify([options.most, options.role, options.half, now.request?.top, now.ranking?.seq]);
    if (!counts) state.set("rows", NO_ROWS);
    else if (state.get("rows").of !== counts || state.get("rows").key !== key) {
      state.set("rows", { of: counts, key, ...rowsOf(counts, options, now) });
    }
  }

  // ---- controls

  function segmented(legend, name, choices) {
    const buttons = Object.entries(choices).map(([value, words]) =>
      h("button", { type: "button", "data-value": value, onclick: () => choose({ [name]: value }) }, words)
    );
    return {
      element: h("div", { class: "segmented", role: "group", "aria-label": legend }, buttons),
      draw: () => {
        for (const button of buttons) {
          button.setAttribute("aria-pressed", String(button.dataset.value === state.get("options")[name]));
        }
      },
    };
  }

  function corpusFilter() {
    const on = h("input", {
      type: "checkbox",
      onchange: () => choose({ most: on.checked ? fromPercent(share.value) : "off" }),
    });
    const share = h("input", {
      type: "number",
      class: "input discovery-share",
      min: 0.01,
      max: 100,
      step: "any",
      value: 2,
      "aria-label": "Most of ordinary text's tokens, in percent",
      oninput: () => share.checkValidity() && share.value && choose({ most: fromPercent(share.value) }),
    });
    const note = h("span", { class: "note" });
    return {
      element: h(
        "div",
        { class: "row tight discovery-filter" },
        h("label", { class: "check-label" }, on, "corpus filter"),
        share,
        "%",
        note,
      ),
      draw() {
        const { most } = state.get("options");
        const n = Math.max(0, ...(state.get("counts")?.dictionaries ?? []).map(({ corpus }) => corpus.n));
        on.checked = most !== "off";
        if (most !== "off" && document.activeElement !== share) {
          share.value = String(Number((100 * Number(most)).toPrecision(6)));
        }
        fill(note, n ? `of ${n.toLocaleString("en")} tokens of text` : "no text read yet");
      },
    };
  }
}

/** Over a result that is too small to say anything: that, in the words of the warning. */
const doubt = (few) =>
  h(
    "div",
    { class: "discovery-doubt problem" },
    few.map((sentence) => h("p", {}, sentence)),
    h("p", {}, RANKED_ANYWAY),
  );

const RANKED_ANYWAY = "What is ranked below is of these few names, and shows nothing of others.";

const NO_ROWS = { of: null, key: "", rows: [], specialists: [] };

// Of an address or a recording: what makes no sense is left out.
function sensible(options) {
  const fits = {
    role: /^(known|unknown|both)$/,
    half: /^(train|test|all)$/,
    filtered: /^(yes|no)$/,
    top5: /^(yes|no)$/,
    paper: /^(yes|no)$/,
    most: /^(off|[01](\.\d{1,6})?)$/,
    rows: /^(few|all)$/,
    latent: /^\d{1,3}:\d{1,9}$/,
    pins: /^\d{1,3}:\d{1,9}( \d{1,3}:\d{1,9})*$/,
    dictionary: /^\d{1,3}$/,
    type: /./,
  };
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => fits[name]?.test(value)));
}

const fromPercent = (text) => String(Number((Number(text) / 100).toPrecision(6)));

/** Figures as they come: each is drawn once, and again when it was replaced. */
function baselines(element, state) {
  const live = new Map();
  const heading = h("h2", {}, "Beside it: what needs no dictionary");
  const off = state.on(["study"], () => {
    const study = state.get("study");
    const { figures } = study;
    element.hidden = ![...figures.keys()].some((id) => !OURS.includes(id));
    for (const [id, figure] of figures) {
      if (OURS.includes(id)) continue;
      if (!live.has(id)) {
        if (!live.size) fill(element, heading);
        const place = h("section", {});
        element.append(place);
        live.set(id, liveFigure(place));
      }
      live.get(id).show(figure, study);
    }
  });
  return () => {
    off();
    for (const one of live.values()) one.remove();
    fill(element);
  };
}
