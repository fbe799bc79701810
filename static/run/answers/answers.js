// Baseline beside steered, and on request beside the same push along one random direction. What is chosen and has not
// arrived is a caret in its place, never another arm's text. From `step` and `verdict` frames.

import { hasRandom } from "../requests.js";
import { fill, h, unfold } from "../../core/dom.js";
import { armAt, byRefusal, control, idleArm, isOpen } from "../run.js";
import { movedTo } from "../names.js";
import { amountOf } from "../steering/amount.js";
import { largestInWords } from "../risk/risk.js";
import { answerPanel } from "./answer.js";
import { invitation } from "./invite.js";
import { together } from "./together.js";

const LONG = 48; // new tokens: an answer that may be longer is set smaller, in more lines
const ALONE = "A random direction takes the place of the slider that was touched last, and that one rests.";
const NOTHING = "Nothing is pushed.";
const BESIDE = "Pushed with the first.";
const N_RANDOM = 32; // directions to look through where the run had no controls

/** `compact`: smaller, for the answers to a second prompt, named by whom it asks about; no random column. */
export function answers(element, state, { compact = false } = {}) {
  const scrolled = { text: together(), tokens: together() };
  const shape = { scrolled, ...(compact && { heading: "h3", tokens: false }) };
  const left = answerPanel({ ...shape, name: "Baseline" });
  const right = answerPanel({ ...shape, name: "Steered" });
  const whose = compact && h("h2", { class: "whose" });
  const grid = h("div", { class: `answers${compact ? " compact" : ""}` }, left.root, right.root);
  const foot = h("div", { class: "row answers-foot" });
  const invite = compact ? null : invitation(state, toSlider);
  fill(element, whose, grid, !compact && foot);
  const offs = [
    state.on(["run"], () => {
      const run = state.get("run");
      grid.classList.toggle("long", run?.request?.max_new_tokens > LONG);
      if (compact) fill(whose, run?.start?.entity.text ?? "\u00a0");
      left.draw(shown(state, run, 0));
    }),
    state.on(["steer", "sliders", "values", "active"], () => fill(right.strength, howHard(state))),
    state.on(["run", "steer"], () => {
      const run = state.get("run");
      const arm = run?.start ? armAt(run, state.get("steer")) : -1;
      if (arm === 0 && run.arms[0].verdict) {
        right.draw({ answer: null, whole: true, note: "not pushed", instead: invite?.root ?? BESIDE });
      } else if (arm === 0) right.draw({ answer: null, whole: false, note: "not pushed" });
      else right.draw({ ...shown(state, run, arm), other: run?.arms[0]?.text ?? null });
    }),
    ...(compact ? [] : [randomColumn(grid, state, scrolled), legend(foot, state), paired(element, state)]),
  ];
  return () => {
    for (const off of offs) off();
    invite?.remove();
    left.remove();
    right.remove();
    fill(element);
  };
}

// A second prompt's answers stand below; both are to be seen.
const paired = (element, state) =>
  state.on(["otherPrompt"], () => element.classList.toggle("paired", Boolean(state.get("otherPrompt"))));

/** How hard the slider that was touched last pushes, and how many others do. */
export function howHard(state) {
  const { sweep, strength } = state.get("steer");
  const active = state.get("active");
  const slider = state.get("sliders")?.[active];
  const held = (state.get("values") ?? []).filter((value, i) => value !== null && i !== active).length;
  const parts = [];
  if (slider && sweep !== null) {
    const text = amountOf(slider, strength, { brief: true, to: movedTo(slider, state.get("card")) });
    parts.push(h("span", { class: `as-${slider.role}`, title: slider.label }, text));
  }
  if (held) parts.push(h("span", { class: "note" }, `${parts.length ? " + " : ""}${held} held`));
  return parts;
}

// The third column: one of the control's directions, with its whole answer.
function randomColumn(grid, state, scrolled) {
  const place = h("span", { class: "note" });
  const panel = answerPanel({
    scrolled,
    name: "Random direction",
    title: ["Random", h("span", { class: "sr" }, " direction")],
    controls: h(
      "span",
      { class: "row tight paging" },
      small("‹", "Previous random direction", () => turn(-1)),
      place,
      small("›", "Next random direction", () => turn(1)),
      small("✕", "Close the random answer", () => state.set("wantRandom", null)),
    ),
  });
  const off = state.on(["wantRandom", "random", "run", "steer"], () => {
    const wanted = state.get("wantRandom");
    grid.classList.toggle("three", Boolean(wanted));
    if (!wanted) return panel.root.remove();
    if (!panel.root.isConnected) grid.append(panel.root);
    fill(place, h("span", { class: "sr" }, "direction "), `no. ${order().indexOf(wanted.index) + 1} of ${total()}`);
    panel.draw(answer(wanted));
  });
  return () => {
    off();
    panel.remove();
  };

  function answer({ index }) {
    const run = state.get("run");
    const { sweep, strength } = state.get("steer");
    if (sweep === null && run && idleArm(run)) return { answer: null, whole: true, note: "not pushed", instead: ALONE };
    if (sweep === null) return { answer: null, whole: true, note: "not pushed", instead: NOTHING };
    if (!hasRandom(state.get("sliders")?.[state.get("active")])) {
      return { answer: null, whole: true, note: "a swap has no random direction" };
    }
    const random = state.get("random");
    if (random?.request?.sweeps[0]?.target.index !== index) return { answer: null, note: "asked for" };
    const arm = random.start ? armAt(random, { sweep: 0, strength }) : -1;
    const { refusal } = random;
    return {
      ...shown(state, random, arm),
      other: run?.arms[0]?.text ?? null,
      instead: refusal && `${refusal.asked} ${refusal.allowed} ${refusal.change}`,
    };
  }

  function turn(by) {
    const all = order();
    const next = all.indexOf(state.get("wantRandom").index) + by;
    state.set("wantRandom", { index: all.at(next % all.length) });
  }

  // As their marks stand; as they are numbered where none of them did anything yet.
  function order() {
    const [run, steer] = [state.get("run"), state.get("steer")];
    const values = run && steer.sweep !== null ? control(run, steer)?.values : null;
    return values?.length === total() ? byRefusal(values) : Array.from({ length: total() }, (_, i) => i);
  }

  function total() {
    return state.get("run")?.start?.request.controls.n_directions || N_RANDOM;
  }
}

// What the marks mean, and the way to the third column where a model can be asked.
function legend(element, state) {
  const button = h("button", {
    class: "button button-plain push",
    type: "button",
    onclick: () => state.set("wantRandom", state.get("wantRandom") ? null : { index: 0 }),
  });
  const marks = h(
    "p",
    { class: "note" },
    h("span", { class: "matched" }, "the phrase that decided"),
    " · ",
    h("span", { class: "different" }, "differs from the baseline"),
    h("span", { class: "wide" }, " · bar under a token: its probability"),
  );
  const more = unfold("marks", "Marks and odds", marks);
  fill(element, more, button);
  return state.on(["live", "wantRandom", "sliders", "active"], () => {
    const slider = state.get("sliders")?.[state.get("active")]; // none yet is no reason to be without the button
    const possible = state.get("live") && (!slider || hasRandom(slider));
    button.hidden = !possible && !state.get("wantRandom");
    fill(button, state.get("wantRandom") ? "Hide the random answer" : "Show a random control's answer");
  });
}

const small = (sign, words, onclick) =>
  h("button", { class: "button button-small", type: "button", "aria-label": words, title: words, onclick }, sign);

// The press goes away with what was pressed; the slider that it moved has the focus then.
export const toSlider = () => /** @type {HTMLElement} */ (document.querySelector(".direction.active .slider"))?.focus();

/** What a panel says of one arm of a run; -1: what is chosen is not here (yet). */
function shown(state, run, arm) {
  const answer = run?.arms[arm] ?? null;
  // An arm without a verdict in a run that is done was asked for later, and is on its way.
  const whole = !run || !(isOpen(run) || (run.phase === "done" && state.get("live") && !answer?.verdict));
  return { answer, whole, note: run ? progress(run, answer, whole) : "", risk: run ? largestInWords(run, arm) : "" };
}

function progress(run, answer, whole) {
  const n = answer?.tokens.length ?? 0;
  if (whole) return n ? `stopped at token ${n}` : "not run";
  if (n) return `token ${n} of up to ${run.start.request.max_new_tokens}`;
  if (run.phase === "done") return "asked for";
  return run.queued ? `waiting for memory, place ${run.queued}` : "reading the prompt";
}
