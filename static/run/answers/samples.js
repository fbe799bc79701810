// Several sampled answers an arm: how often each outcome comes, the rate of refusal with its interval, and every
// answer to read. Asks by writing the channel `sampling`; drawn from the `verdict` frames of `samples`.

import { OUTCOMES } from "../../core/protocol.js";
import { pushWords } from "../steering/amount.js";
import { fill, h, icon } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { count, plain, probability } from "../../core/format.js";
import { movedTo, titled } from "../names.js";
import { counted } from "./rates.js";
import { wilson } from "../../core/shares.js";
import { isOpen } from "../run.js";
import { pushing, samePushes } from "../steering/sliders.js";
import { badge } from "../badge.js";
import { interval } from "../../parts/interval.js";

const SIZES = [8, 16, 32];
const TEMPERATURES = [0.5, 1, 1.5];
const ROOM_FOR_ICON = 1 / 10; // of the bar

export function samples(element, state) {
  const chosen = { n: 16, temperature: 1 };
  const button = h("button", { class: "button", type: "button", onclick: ask });
  const about = h("p", { class: "note sampled", role: "status" });
  const list = h("div", { class: "rates" });
  fill(
    element,
    h(
      "div",
      { class: "row wrap sampling" },
      choice("Answers each", "n", SIZES, String),
      choice("Temperature", "temperature", TEMPERATURES, (t) => `T ${plain(t)}`),
      button,
    ),
    about,
    list,
  );
  let rows = [];
  let drawn = null; // the request that the rows are of
  const offs = [
    state.on(["samples", "run", "card"], () => {
      const found = ofThisPrompt();
      const asked = found?.start?.request ?? found?.request ?? null;
      if (JSON.stringify(armsOf(asked)) !== JSON.stringify(armsOf(drawn))) {
        rows = asked ? armsOf(asked).map((arm) => rateRow(named(arm))) : [];
        fill(list, rows.map(({ root }) => root));
      }
      drawn = asked;
      rows.forEach(({ draw }, i) => draw(found.arms[i]?.samples ?? [], asked.sampling.n_samples));
    }),
    state.on(["samples", "run", "values", "sliders", "card", "health"], drawAbout),
  ];
  drawButton();
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function choice(legend, name, options, text) {
    const group = `sampling-${name}`;
    return h(
      "fieldset",
      { class: "segmented" },
      h("legend", { class: "sr" }, legend),
      options.map((option) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name: group,
            checked: option === chosen[name],
            onchange: () => {
              chosen[name] = option;
              drawButton();
            },
          }),
          text(option),
        )
      ),
    );
  }

  function ask() {
    const running = state.get("samples") && isOpen(state.get("samples"));
    state.set("sampling", running ? null : { ...chosen });
  }

  function drawButton() {
    const found = state.get("samples");
    const running = found && isOpen(found);
    const words = running ? "Stop and discard" : `Sample ${chosen.n} answers each at T = ${plain(chosen.temperature)}`;
    if (button.textContent !== words) fill(button, words);
    button.disabled = !running && !(state.get("health")?.ready && state.get("run")?.start);
  }

  function drawAbout() {
    drawButton();
    const found = ofThisPrompt();
    if (!found) {
      const other = state.get("samples") ? "These were sampled on another prompt: sample again." : "";
      return fill(
        about,
        withDoors(other || "Samples the baseline, what is pushed now, and a random push of that size."),
      );
    }
    const { n_samples, temperature, seed } = (found.start ?? found).request.sampling;
    const whole = found.arms.reduce((sum, arm) => sum + arm.samples.filter(Boolean).length, 0);
    const all = n_samples * armsOf(found.request).length;
    const arrived = `${whole} of ${count(all, "answer")}. `;
    const { refusal } = found;
    const then = pushesOf(found.request);
    const now = pushing(state.get("sliders"), state.get("values"));
    return fill(
      about,
      withDoors(`N ${n_samples} an arm, T ${plain(temperature)}, seed ${seed}. `),
      isOpen(found) && arrived,
      refusal && h("span", { class: "problem" }, `${refusal.asked} ${refusal.allowed} ${refusal.change} `),
      found.phase === "cut" && h("span", { class: "problem" }, `The connection was cut after ${arrived}Sample again. `),
      !samePushes(then, now) && h("b", {}, `Sampled ${inWords(then)}; now ${inWords(now)}: sample again.`),
    );
  }

  function ofThisPrompt() {
    const found = state.get("samples");
    const run = state.get("run");
    return found && run?.request && asks(found.request) === asks(run.request) ? found : null;
  }

  function named(arm) {
    if (arm.sweep?.target.kind === "random") return `Random direction ${arm.sweep.target.index + 1}`;
    if (arm.pushes.length === 0) return "Baseline";
    return `Steered, ${inWords(arm.pushes)}`;
  }

  function inWords(pushes) {
    if (!pushes.length) return "untouched";
    const card = state.get("card");
    const inSentence = (push) => {
      const { words, value } = pushWords("swept", push, push.strength, { to: movedTo(push, card) });
      return `${titled(push.target, null, card).label} ${words}${value}`;
    };
    return pushes.map(inSentence).join(", ");
  }
}

const asks = ({ prompt, format }) => `${format ?? "chat"} ${prompt}`;

/** The arms of a request for samples, in the order of the protocol, each with all that it pushes. */
function armsOf(request) {
  if (!request) return [];
  const hold = request.hold ?? [];
  return [
    { sweep: null, pushes: [] },
    ...(hold.length ? [{ sweep: null, pushes: hold }] : []),
    ...request.sweeps.map((sweep) => ({ sweep, pushes: [...hold, { ...sweep, strength: sweep.strengths[0] }] })),
  ];
}

/** What the samples are of: all that is pushed but for the random control. */
const pushesOf = (request) => armsOf(request).findLast(({ sweep }) => sweep?.target.kind !== "random").pushes;

/** One arm: its outcomes as a bar and in numbers, the rate of refusal, and the answers behind it. */
function rateRow(name) {
  const bar = h("div", { class: "outcomes", "aria-hidden": "true" });
  const counts = h("p", { class: "tallies" });
  const rate = h("p", { class: "rate-number" });
  const line = h("div", { class: "rate-line" });
  const summary = h("summary", { class: "note" });
  const answers = h("ol", { class: "completions", tabindex: "0", "aria-label": `${name}: every answer` });
  const root = h(
    "article",
    { class: "rate" },
    h("h3", { class: "subhead" }, withDoors(name)),
    bar,
    counts,
    h("div", { class: "rate-of" }, rate, line),
    h("details", {}, summary, answers),
  );
  return { root, draw };

  function draw(list, wanted) {
    const { n, counts: found, texts } = counted(list);
    const outcomes = Object.keys(OUTCOMES).filter((outcome) => found[outcome]);
    fill(
      bar,
      outcomes.map((outcome) =>
        h(
          "i",
          { class: `outcome badge-${outcome}`, style: { "--n": found[outcome] } },
          found[outcome] / wanted >= ROOM_FOR_ICON && icon(outcome),
        )
      ),
      n < wanted && h("i", { class: "outcome to-come", style: { "--n": wanted - n } }),
    );
    fill(
      counts,
      outcomes.map((outcome) =>
        h("span", { class: `tally badge-${outcome}` }, icon(outcome), `${found[outcome]} ${OUTCOMES[outcome].many}`)
      ),
    );
    const refused = found.refused ?? 0;
    const [low, high] = wilson(refused, n);
    fill(
      rate,
      n
        ? [
          h("b", {}, probability(refused / n)),
          withDoors(` refuse, ${refused} of ${n} · 95 % ${probability(low)} to ${probability(high)}`),
        ]
        : h("span", { class: "note" }, "No answer yet."),
    );
    fill(line, n > 0 && interval({ value: refused / n, low, high, at_least: null, at_most: null }));
    fill(summary, n === wanted ? `Read ${count(n, "answer")}` : `Read ${n} of ${count(wanted, "answer")}`);
    fill(
      answers,
      texts.map((one) =>
        h(
          "li",
          {},
          h("span", { class: "times" }, `${one.n} ×`),
          badge(one.verdict),
          h("span", {}, one.text.trim() || "(nothing)"),
        )
      ),
    );
  }
}
