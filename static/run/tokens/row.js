// Tokens in a row, the prompt's and then the shown arm's answer, tinted by one watched latent as that arm had it.
// From `start` (tokens, entity), `prompt` and `step` (activations, answer). While what is chosen has not arrived
// there is no answer and no tint: never another arm's.

import { fill, h, listen } from "../../core/dom.js";
import { sig3 } from "../../core/format.js";
import { pushedIn } from "../places.js";
import { armAt, isOpen, lastEntity } from "../run.js";
import { answerOf, readingAt, sequence } from "../sequence.js";
import { barAt, barInWords } from "../risk/risk.js";
import { tokenCell } from "./cell.js";
import { coloured, strongest } from "./colours.js";
import { moveWithKeys } from "./keys.js";
import { nameMarker } from "./marker.js";
import { canPress, planned, press as pressToken, toolOf } from "./press.js";

const DRAWN = [
  "run",
  "steer",
  "colour",
  "card",
  "token",
  "tool",
  "sliders",
  "active",
  "live",
  "other",
  "otherSteer",
  "strip",
];

/** `placed()` is called when the prompt's tokens were put up, and when there is another room for them. */
export function tokenRow(element, state, { label, placed }) {
  const prompt = h("ol", { class: "strip-part", "aria-label": label });
  const answer = h("ol", { class: "strip-part", "aria-label": "Tokens of the answer" });
  const turn = h("li", { class: "token-turn", "aria-hidden": "true" }, "answer");
  const caret = h("li", { class: "token-caret caret", "aria-hidden": "true" });
  fill(element, prompt, answer);
  let start = null; // the first frame of the run whose tokens are up
  let asked = []; // its places
  const cells = { prompt: [], answer: [] };
  let reached = null; // the one cell that Tab reaches
  const marker = nameMarker(element, state, { placeOf, start: () => start, redraw: draw });
  const offs = [
    state.on(["run"], build),
    state.on(DRAWN, draw),
    listen(element, "click", press),
    listen(element, "pointerover", look),
    listen(element, "focusin", look),
    listen(element, "pointerleave", () => state.set("hover", null)),
    listen(element, "focusout", () => state.set("hover", null)),
    moveWithKeys(element, (from, to, extend) => {
      if (toolOf(state) === "name") marker.moved(placeOf(from), placeOf(to), extend);
    }),
    marker.remove,
  ];
  const room = new ResizeObserver(() => placed());
  room.observe(element);
  return () => {
    room.disconnect();
    for (const off of offs) off();
    fill(element);
  };

  // Tokens that are up already stay, and with them the focus: the same question is asked again whenever a name is
  // marked or a token is chosen.
  function build() {
    const run = state.get("run");
    if (start && (run?.start ? run.start === start : asksTheSame(run?.request, start.request))) return;
    const before = start;
    start = run?.start ?? null;
    marker.forget();
    if (!start) {
      cells.prompt = [];
      fill(prompt, h("li", { class: "blank" }));
      return;
    }
    asked = sequence(run, -1);
    if (before && String(before.tokens.map(({ id }) => id)) === String(start.tokens.map(({ id }) => id))) return;
    cells.prompt = asked.map(() => tokenCell());
    fill(prompt, folded(cells.prompt, asked));
    state.set("hover", null); // it was of the tokens before
    tabStop(lastEntity(run));
    draw();
    placed();
  }

  // The run that is shown; while the same question is asked again, the tokens that are up, with nothing read yet.
  function shown() {
    const run = state.get("run");
    return start && { ...run, start };
  }

  function draw() {
    const run = shown();
    if (!run || !cells.prompt.length) return fill(answer);
    const arm = armAt(run, state.get("steer"));
    const said = answerOf(run, arm);
    while (cells.answer.length < said.length) cells.answer.push(tokenCell());
    const items = [turn, ...cells.answer.slice(0, said.length).map(({ item }) => item)];
    if (arm < 0 ? run.phase === "done" : isOpen(run) && !run.arms[arm]?.verdict) items.push(caret);
    if (items.length !== answer.children.length || items.at(-1) !== answer.lastChild) fill(answer, items);
    if (!reached?.item.isConnected) tabStop(lastEntity(run)); // a shorter answer took it away
    const facts = reader(run, arm);
    for (const place of asked) cells.prompt[place.pos].draw(facts(place));
    for (const place of said) cells.answer[place.pos - asked.length].draw(facts(place));
  }

  // What a cell shows of its place. What is the same for every cell is read once.
  function reader(run, arm) {
    const latent = coloured(state);
    element.dataset.role = latent?.role ?? "other";
    element.dataset.tool = toolOf(state);
    const most = latent && strongest(state, latent.index);
    const { start: first, end } = run.start.entity;
    const range = marker.range();
    const token = state.get("token") ?? null;
    const bars = state.get("strip") !== false;
    const pushed = pushedIn(run, state.get("steer"));
    const wanted = toolOf(state) === "steer" ? planned(state, run.start) : null;
    const isIn = (push, pos) => push !== null && (pos < asked.length ? push.prompt.has(pos) : push.answer);
    const isBracketed = (pos) => isIn(pushed, pos) || isIn(wanted, pos);
    return (place) => {
      const { pos, name, role } = place;
      const value = latent && readingAt(run, arm, latent.index, pos);
      const inEntity = pos >= first && pos < end;
      const marked = range !== null && pos >= range[0] && pos <= range[1];
      const steered = isIn(pushed, pos);
      return {
        pos,
        name,
        role,
        value: value ? sig3(value) : "",
        share: value && most ? Math.min(1, Math.max(0, value / most)) : 0,
        inEntity: range ? marked : inEntity,
        marked,
        bracket: steered ? "now" : isIn(wanted, pos) ? "planned" : null,
        first: pos === asked.length || !isBracketed(pos - 1),
        last: pos === asked.length - 1 || !isBracketed(pos + 1),
        selected: pos === token,
        bar: bars && role === "answer" ? barAt(run, arm, pos - asked.length) : null,
        pressed: { look: pos === token, name: range ? marked : inEntity, steer: isIn(wanted, pos) }[toolOf(state)],
        disabled: !canPress(state, place),
        said: [
          value !== null && latent && `${latent.short} ${latent.label}: ${sig3(value)}`,
          steered && "steered",
          bars && role === "answer" && barInWords(run, arm, pos - asked.length),
        ],
      };
    };
  }

  function placeOf(target) {
    const at = target?.closest?.(".token")?.dataset.pos;
    const run = shown();
    if (at === undefined || !run) return null;
    return sequence(run, armAt(run, state.get("steer")))[at] ?? null;
  }

  function press({ target, shiftKey }) {
    const place = placeOf(target);
    if (marker.took() || !place || !canPress(state, place)) return;
    if (toolOf(state) === "name") marker.press(place, shiftKey);
    else pressToken(state, start, place);
  }

  function look({ type, target }) {
    const pos = placeOf(target)?.pos ?? null;
    state.set("hover", pos);
    if (type === "focusin") tabStop(pos);
  }

  function tabStop(pos) {
    if (pos === null) return;
    reached?.button.setAttribute("tabindex", "-1");
    reached = cells.prompt[pos] ?? cells.answer[pos - asked.length] ?? null;
    reached?.button.setAttribute("tabindex", "0");
  }
}

const asksTheSame = (a, b) => a?.prompt === b.prompt && (a?.format ?? "chat") === b.format;

// Runs of template tokens fold into one ⟨4⟩ where the page is narrow; the stylesheet chooses.
function folded(cells, places) {
  const isFolded = (pos) => ["bos", "template"].includes(places[pos]?.role);
  const result = [];
  let first = null;
  cells.forEach(({ item }, pos) => {
    result.push(item);
    if (!isFolded(pos)) return;
    first ??= pos;
    if (isFolded(pos + 1)) return;
    const names = places.slice(first, pos + 1).map(({ name }) => name);
    result.push(h("li", { class: "fold", title: names.join(" "), "aria-hidden": "true" }, `⟨${names.length}⟩`));
    first = null;
  });
  return result;
}
