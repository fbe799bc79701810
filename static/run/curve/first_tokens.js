// How the push moves the model before it says a word: its log-odds of opening with a refusal against an answer, beside
// the random control's, and its likeliest first tokens; baseline ring, steered dot. From `prompt` and `control` frames.

import { fill, h, unfold } from "../../core/dom.js";
import { door, withDoors } from "../../core/term.js";
import { probability, sig3, visible } from "../../core/format.js";
import { opensRefusal } from "../names.js";
import { MIN_BAND } from "../../core/protocol.js";
import { armAt, bandName, control, logodds, points } from "../run.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { shownWords } from "../picture/words.js";

const ROWS = 4;
const LEAST = 4.7; // the axis shows at least odds of 1 to 110, either way

export function firstTokens(element, state) {
  const balance = h("div", { class: "dumbbells balance" });
  const body = h("div", { class: "dumbbells" });
  const total = dumbbell({ centred: true });
  const rows = Array.from({ length: ROWS }, () => dumbbell());
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const behind = h("div", { class: "behind" });
  const span = door("band", bandName(MIN_BAND));
  const legend = h(
    "span",
    { class: "note row push first-legend" },
    h("span", { class: "row tight" }, h("i", { class: "ring" }), door("baseline", "baseline")),
    h("span", { class: "row tight" }, h("i", { class: "disc" }), "steered"),
    h(
      "span",
      { class: "row tight" },
      h("i", { class: "band-mark" }),
      h("span", {}, door("control", "random"), ", mean and ", span), // one text: parts of a row stand apart
    ),
  );
  const save = pictureButtons(
    () => [legend, balance, body],
    () => shownWords("First token", state, linkHere(location)),
  );
  fill(
    element,
    h(
      "div",
      { class: "row wrap" },
      h("h2", {}, door("first_token", "First token")),
      legend,
      unfold("first", "More", save, button),
    ),
    balance,
    body,
    behind,
  );
  const names = ["run", "steer", "sweep", "card"];
  const offs = [
    state.on(names, () => {
      const now = reading(state);
      show(balance, now ? [total] : []);
      show(body, rows.slice(0, now?.tokens.length ?? 0));
      if (!now) return;
      if (now.control) span.textContent = bandName(now.control.n);
      total.draw(odds(now));
      now.tokens.forEach((token, i) => rows[i].draw(chances(now, token)));
    }),
    tableButton(button, behind, state, names, () => firstTable(reading(state))),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };
}

function show(element, lines) {
  if (element.children.length !== lines.length) fill(element, ...lines.map(({ root }) => root));
}

/** What both drawings and the table show; arm -1: what is chosen is not here yet. Null before the prompt pass. */
function reading(state) {
  const run = state.get("run");
  if (!run?.prompt) return null;
  const steer = state.get("steer");
  const list = points(run, state.get("sweep"));
  const arm = armAt(run, steer);
  return {
    run,
    card: state.get("card"),
    arm: run.prompt.arms[arm] ? arm : -1,
    control: steer.sweep === null ? null : control(run, steer),
    most: Math.max(LEAST, Math.abs(logodds(run, 0)), ...list.flatMap((point) => sizes(run, point))),
    tokens: likeliest(run, list),
  };
}

// The same axis and the same rows at every strength of a sweep, so that nothing jumps while the slider moves.
function sizes(run, point) {
  const seen = control(run, point);
  return [logodds(run, point.arm), ...(seen ? [seen.low, seen.high] : [])].map(Math.abs);
}

function likeliest(run, list) {
  const best = new Map();
  for (const { arm } of list) {
    for (const token of run.prompt.arms[arm]?.top ?? []) {
      if (!(best.get(token.id)?.prob > token.prob)) best.set(token.id, token);
    }
  }
  return [...best.values()].sort((a, b) => b.prob - a.prob).slice(0, ROWS);
}

// ---- one line: a ring, a disc, what lies between them, and the numbers. Rewritten in place: a slider may be moving.

/** `centred`: a scale with 0 in the middle and the random control on it. */
function dumbbell({ centred = false } = {}) {
  const name = h("b", { class: centred ? null : "mono" });
  const about = h("span", { class: "note" });
  const [band, mean, bar, ring, disc] = ["band", "mean", "bar", "ring", "disc"].map((kind) => h("i", { class: kind }));
  const numbers = h("span", { class: "numbers" });
  const scale = h(
    "span",
    { class: `scale${centred ? " centred" : ""}`, "aria-hidden": "true" },
    band,
    mean,
    bar,
    ring,
    disc,
  );
  const root = h("div", { class: "dumbbell" }, name, about, scale, numbers);
  return { root, draw };

  /** before, after, seen: places on the scale from 0 to 1; after and seen (low, mean, high) may be null */
  function draw({ words, note, refusal, before, after, seen = null, says }) {
    root.classList.toggle("refusal", refusal);
    if (name.textContent !== words) name.textContent = words;
    if (about.textContent !== note) fill(about, withDoors(note));
    band.hidden = mean.hidden = !seen;
    if (seen) {
      reach(band, seen.low, seen.high);
      mean.style.setProperty("--at", seen.mean);
    }
    ring.style.setProperty("--at", before);
    bar.hidden = disc.hidden = after === null;
    if (after !== null) {
      reach(bar, Math.min(before, after), Math.max(before, after));
      disc.style.setProperty("--at", after);
    }
    const [old, now, control] = says;
    fill(
      numbers,
      old,
      now && [" → ", h("b", {}, now)],
      control && h("span", { class: "control" }, ` random ${control}`),
    );
  }
}

function reach(part, from, to) {
  part.style.setProperty("--from", from);
  part.style.setProperty("--width", to - from);
}

function odds({ run, arm, control: seen, most }) {
  const at = (value) => (value / most + 1) / 2;
  const before = logodds(run, 0);
  const after = arm > 0 ? logodds(run, arm) : null;
  return {
    words: "refusal",
    note: "vs all else, log-odds",
    refusal: true,
    before: at(before),
    after: after === null ? null : at(after),
    seen: seen && { low: at(seen.low), mean: at(seen.mean), high: at(seen.high) },
    says: [withSign(before), after !== null && withSign(after), seen && withSign(seen.mean)],
  };
}

function chances({ run, arm, card }, token) {
  const refusal = opensRefusal(token, card);
  const before = chance(run, 0, token);
  const after = arm > 0 ? chance(run, arm, token) : null;
  return {
    words: visible(token.text),
    note: refusal ? "opens a refusal" : "",
    refusal,
    before: before.p,
    after: after && after.p,
    says: [before.text, after?.text],
  };
}

function firstTable(now) {
  const caption = "First answer token: the odds of a refusal opening, and the likeliest tokens";
  if (!now) return { caption, head: ["first token"], rows: [] };
  const { run, arm, card, control: seen, tokens } = now;
  const steered = (words) => (arm > 0 ? words() : "–");
  const before = logodds(run, 0);
  return {
    caption,
    head: ["first token", "opens", "baseline", "steered", "random: mean", bandName(seen?.n ?? MIN_BAND), "N"],
    text: [0, 1],
    rows: [
      {
        cells: [
          "refusal against answer, log-odds",
          "",
          withSign(before),
          steered(() => withSign(logodds(run, arm))),
          ...(seen
            ? [withSign(seen.mean), `${withSign(seen.low)} to ${withSign(seen.high)}`, String(seen.n)]
            : ["–", "–", "–"]),
        ],
      },
      ...tokens.map((token) => ({
        cells: [
          visible(token.text),
          opensRefusal(token, card) ? "a refusal" : "an answer",
          chance(run, 0, token).text,
          steered(() => chance(run, arm, token).text),
          "–",
          "–",
          "–",
        ],
      })),
    ],
  };
}

const withSign = (x) => (x > 0 ? `+${sig3(x)}` : sig3(x));

// A token outside an arm's list is below the last one in it.
function chance(run, arm, { id }) {
  const { top } = run.prompt.arms[arm];
  const found = top.find((token) => token.id === id);
  if (found) return { p: found.prob, text: probability(found.prob) };
  const below = top.at(-1)?.prob ?? 1;
  return { p: 0, text: below < 0.001 ? "< 0.001" : `< ${probability(below)}` };
}
