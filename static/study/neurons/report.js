// A study of hallucination neurons, drawn: what is claimed in words, then what it rests on, the stricter view first. From
// its figures, whichever have come so far. Knows nothing about the page or how a study is run.

import { fill, h, unfold } from "../../core/dom.js";
import { door, withDoors } from "../../core/term.js";
import { figuresView } from "../figures/figures.js";
import { liveFigure } from "../figures/figure.js";
import { claimsList } from "./claims.js";
import { drawDial } from "./dial.js";
import { drawMap } from "./map.js";
import { drawAgreement, drawPath, drawReaders, drawReliability } from "./reading.js";

const OF_ITS_OWN = ["labels", "transfer", "origin"]; // sections that are one figure, which has its title

/**
 * `options`: which view, factor, number of samples and neurons, as texts; `onOptions(changed)` hears all of them.
 * @returns {{ show: (study: object, card: object|null) => void, remove: () => void }}
 */
export function neuronsView(
  element,
  study,
  { options = /** @type {Record<string, string>} */ ({}), onOptions = null, card = null } = {},
) {
  let now = study;
  let model = card;
  let set = { ...options };
  const drawn = new Map(); // by section what it was drawn from
  const live = new Map(); // figures that are a section of their own
  const claims = h("div", {});
  const tables = h("div", {});
  let all = null; // the figures that are no section of their own, once they are asked for
  const fold = unfold("tables", "The other figures, each with its table to take along", tables);
  fold.addEventListener("toggle", drawAll);
  const places = Object.fromEntries(PARTS.map(({ id }) => [id, h("div", {})]));
  const parts = PARTS.map(({ id, title, about }) =>
    h(
      "section",
      { class: `neurons-part neurons-${id}`, "aria-label": title },
      !OF_ITS_OWN.includes(id) && h("h2", {}, title),
      about?.(),
      places[id],
    )
  );
  fill(
    element,
    h("aside", { class: "neurons-aside", "aria-label": "What is claimed" }, h("h2", {}, "What is claimed"), claims),
    h("div", { class: "neurons-parts" }, parts, fold),
  );
  element.classList.add("neurons-report");
  draw();
  return {
    show(next, with_card = null) {
      [now, model] = [next, with_card ?? model];
      draw();
    },
    remove() {
      for (const view of live.values()) view.remove();
      all?.remove();
      element.classList.remove("neurons-report");
      fill(element);
    },
  };

  function choose(changed) {
    set = Object.fromEntries(Object.entries({ ...set, ...changed }).filter(([, value]) => value));
    onOptions?.(set);
    draw();
  }

  function draw() {
    const { figures } = now;
    once("claims", [figures.get("verdicts")], () => fill(claims, claimsList(now) ?? waiting("The rule speaks last.")));
    for (const id of OF_ITS_OWN) {
      once(id, [figures.get(id)], () => {
        if (!figures.has(id)) return fill(places[id], waiting(`${titleOf(id)}: not measured yet.`));
        if (!live.has(id)) {
          const place = h("div", {});
          fill(places[id], place);
          live.set(id, liveFigure(place));
        }
        live.get(id).show(figures.get(id), now);
      });
    }
    const { view, k, a, own, all: listed } = set;
    part("readers", [figures.get("readers"), view], (at) => drawReaders(at, now, set, choose));
    part("path", [figures.get("sweep"), view], (at) => drawPath(at, now, set));
    part("reliability", [figures.get("reliability")], (at) => drawReliability(at, now));
    part(
      "agreement",
      [figures.get("readers"), figures.get("agreement"), k],
      (at) => drawAgreement(at, now, set, choose),
    );
    part(
      "map",
      [figures.get("neurons"), figures.get("layers"), figures.get("sets"), own, listed, model?.id],
      (at) => drawMap(at, now, model, set, choose),
    );
    part("dial", [figures.get("dial"), figures.get("slopes"), a], (at) => drawDial(at, now, set, choose));
    drawAll();
  }

  /** A section from what it is drawn of; says that it waits while the first of these isn't there. */
  function part(id, from, redraw) {
    once(id, from, () => (from[0] ? redraw(places[id]) : fill(places[id], waiting())));
  }

  function once(id, from, redraw) {
    const before = drawn.get(id);
    if (before && before.every((one, i) => one === from[i])) return;
    drawn.set(id, from);
    redraw();
  }

  function waiting(words = "Not measured yet.") {
    return h("p", { class: "note" }, now.done ? "This study did not ask for it." : words);
  }

  function drawAll() {
    if (!fold.open) return;
    all ??= figuresView(tables);
    all.show({ ...now, figures: new Map([...now.figures].filter(([id]) => !OF_ITS_OWN.includes(id))) });
  }
}

const titleOf = (id) => PARTS.find((part) => part.id === id).title;

const told = (...words) => () =>
  h("p", { class: "note" }, words.map((word) => (typeof word === "string" ? withDoors(word) : word())));

const PARTS = [
  {
    id: "readers",
    title: "Against what tells errors without them",
    about: told(
      "Wrong answers against right ones, each reader scored by fits that saw neither the name nor, in the first view, ",
      () => door("kept_out", "what is answered"),
      ".",
    ),
  },
  {
    id: "dial",
    title: "What turning them does",
    about: told("Beside the positive control: neurons chosen for refusing."),
  },
  {
    id: "map",
    title: "Which they are",
    about: told(
      () => door("h_neurons", "H-neurons"),
      " are those with a positive weight. Any of them, or a set, is a slider in Explore.",
    ),
  },
  {
    id: "path",
    title: "How few",
    about: told("The larger ", () => door("l1", "C"), ", the more neurons the L1 fit may use."),
  },
  { id: "reliability", title: "Where the score is high" },
  { id: "agreement", title: "Where more samples agree" },
  { id: "transfer", title: "Whether they carry over" },
  { id: "origin", title: "Whether the base has them" },
  { id: "labels", title: "Who was asked" },
];
