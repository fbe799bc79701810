// How the push moves the first answer token: baseline ring, steered dot. From `prompt` frames.

import { fill, h } from "../lib/dom.js";
import { probability, visible } from "../lib/format.js";
import { opensRefusal } from "../lib/names.js";
import { armAt, points } from "../lib/run.js";

const ROWS = 4;

export function firstTokens(element, state) {
  const body = h("div", { class: "dumbbells" });
  fill(
    element,
    h(
      "div",
      { class: "row" },
      h("h2", {}, "First token"),
      h(
        "span",
        { class: "note row push" },
        h("span", { class: "row tight" }, h("i", { class: "ring" }), "baseline"),
        h("span", { class: "row tight" }, h("i", { class: "disc" }), "steered"),
      ),
    ),
    body,
  );
  const off = state.on(["run", "steer", "sweep", "card"], () => {
    const run = state.get("run");
    const list = run?.prompt ? rows(run, state.get("sweep")) : [];
    const arm = run?.prompt ? armAt(run, state.get("steer")) : -1;
    fill(body, ...list.map((token) => row(run, token, arm, state.get("card"))));
  });
  return () => {
    off();
    fill(element);
  };
}

// The same rows at every strength of a sweep, so that nothing jumps while the slider moves.
function rows(run, sweep) {
  const best = new Map();
  for (const { arm } of points(run, sweep)) {
    for (const token of run.prompt.arms[arm].top) {
      if (!(best.get(token.id)?.prob > token.prob)) best.set(token.id, token);
    }
  }
  return [...best.values()].sort((a, b) => b.prob - a.prob).slice(0, ROWS);
}

function row(run, token, arm, card) {
  const refusal = opensRefusal(token, card);
  const before = chance(run, 0, token);
  const after = arm > 0 ? chance(run, arm, token) : before;
  const [low, high] = [Math.min(before.p, after.p), Math.max(before.p, after.p)];
  return h(
    "div",
    { class: `dumbbell${refusal ? " refusal" : ""}` },
    h("b", { class: "mono" }, visible(token.text)),
    h("span", { class: "note" }, refusal ? "opens a refusal" : ""),
    h(
      "span",
      { class: "scale", "aria-hidden": "true" },
      h("i", { class: "bar", style: { "--from": low, "--width": high - low } }),
      h("i", { class: "ring", style: { "--at": before.p } }),
      arm > 0 && h("i", { class: "disc", style: { "--at": after.p } }),
    ),
    h("span", { class: "numbers" }, before.text, arm > 0 && [" → ", h("b", {}, after.text)]),
  );
}

// A token outside an arm's list is below the last one in it.
function chance(run, arm, { id }) {
  const { top } = run.prompt.arms[arm];
  const found = top.find((token) => token.id === id);
  if (found) return { p: found.prob, text: probability(found.prob) };
  const below = top.at(-1)?.prob ?? 1;
  return { p: 0, text: below < 0.001 ? "< 0.001" : `< ${probability(below)}` };
}
