// How the push moves the model before it says a word: its log-odds of opening with a refusal against an answer, beside
// the random control's, and its likeliest first tokens; baseline ring, steered dot. From `prompt` and `control` frames.

import { fill, h } from "../lib/dom.js";
import { probability, sig3, visible } from "../lib/format.js";
import { opensRefusal } from "../lib/names.js";
import { armAt, control, logodds, points } from "../lib/run.js";
import { tableButton } from "./table.js";

const ROWS = 4;
const LEAST = 4.7; // the axis shows at least odds of 1 to 110, either way

export function firstTokens(element, state) {
  const balance = h("div", { class: "dumbbells balance" });
  const body = h("div", { class: "dumbbells" });
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const behind = h("div", { class: "behind" });
  fill(
    element,
    h(
      "div",
      { class: "row wrap" },
      h("h2", {}, "First token"),
      h(
        "span",
        { class: "note row push first-legend" },
        h("span", { class: "row tight" }, h("i", { class: "ring" }), "baseline"),
        h("span", { class: "row tight" }, h("i", { class: "disc" }), "steered"),
        h("span", { class: "row tight" }, h("i", { class: "band-mark" }), "random, mean and 5–95 %"),
      ),
      button,
    ),
    balance,
    body,
    behind,
  );
  const names = ["run", "steer", "sweep", "card"];
  const offs = [
    state.on(names, () => {
      const now = reading(state);
      fill(balance, now && odds(now));
      fill(body, ...(now ? now.tokens.map((token) => row(now, token)) : []));
    }),
    tableButton(button, behind, state, names, () => firstTable(reading(state))),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };
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
    most: Math.max(LEAST, ...list.flatMap((point) => sizes(run, point))),
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

function odds({ run, arm, control: seen, most }) {
  const at = (value) => (value / most + 1) / 2;
  const before = logodds(run, 0);
  const after = arm > 0 ? logodds(run, arm) : null;
  return h(
    "div",
    { class: "dumbbell refusal" },
    h("b", {}, "refusal"),
    h("span", { class: "note" }, "against answer, log-odds"),
    h(
      "span",
      { class: "scale centred", "aria-hidden": "true" },
      seen && h("i", { class: "band", style: { "--from": at(seen.low), "--width": at(seen.high) - at(seen.low) } }),
      seen && h("i", { class: "mean", style: { "--at": at(seen.mean) } }),
      after !== null && stretch(at(before), at(after)),
      h("i", { class: "ring", style: { "--at": at(before) } }),
      after !== null && h("i", { class: "disc", style: { "--at": at(after) } }),
    ),
    h(
      "span",
      { class: "numbers" },
      withSign(before),
      after !== null && [" → ", h("b", {}, withSign(after))],
      seen && h("span", { class: "control" }, ` random ${withSign(seen.mean)}`),
    ),
  );
}

function row({ run, arm, card }, token) {
  const refusal = opensRefusal(token, card);
  const before = chance(run, 0, token);
  const after = arm > 0 ? chance(run, arm, token) : null;
  return h(
    "div",
    { class: `dumbbell${refusal ? " refusal" : ""}` },
    h("b", { class: "mono" }, visible(token.text)),
    h("span", { class: "note" }, refusal ? "opens a refusal" : ""),
    h(
      "span",
      { class: "scale", "aria-hidden": "true" },
      after && stretch(before.p, after.p),
      h("i", { class: "ring", style: { "--at": before.p } }),
      after && h("i", { class: "disc", style: { "--at": after.p } }),
    ),
    h("span", { class: "numbers" }, before.text, after && [" → ", h("b", {}, after.text)]),
  );
}

function firstTable(now) {
  const caption = "First answer token: the odds of a refusal opening, and the likeliest tokens";
  if (!now) return { caption, head: ["first token"], rows: [] };
  const { run, arm, card, control: seen, tokens } = now;
  const steered = (words) => (arm > 0 ? words() : "–");
  const before = logodds(run, 0);
  return {
    caption,
    head: ["first token", "opens", "baseline", "steered", "random: mean", "5–95 %", "N"],
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

const stretch = (a, b) => h("i", { class: "bar", style: { "--from": Math.min(a, b), "--width": Math.abs(b - a) } });

const withSign = (x) => (x > 0 ? `+${sig3(x)}` : sig3(x));

// A token outside an arm's list is below the last one in it.
function chance(run, arm, { id }) {
  const { top } = run.prompt.arms[arm];
  const found = top.find((token) => token.id === id);
  if (found) return { p: found.prob, text: probability(found.prob) };
  const below = top.at(-1)?.prob ?? 1;
  return { p: 0, text: below < 0.001 ? "< 0.001" : `< ${probability(below)}` };
}
