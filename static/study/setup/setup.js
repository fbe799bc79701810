// The form of an experiment: which names, and what the app offers besides. Asks the app what the draft comes to, while it
// is typed; shows the cost, or why it can't be run. Knows nothing about any experiment, nor about running one.

import { makeExperiment, Refused } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { paceOf } from "../pace.js";
import { namesPicker } from "../names/picker.js";
import { seconds } from "../running.js";
import { part, partsOf } from "./fields.js";

const TYPING_MS = 120;

/**
 * `offer`: protocol/app/experiments/experiment.py ExperimentOffer. `onRun(request)`
 * @returns {{ ready: (can: boolean, why: string) => void, remove: () => void }}
 */
export function experimentSetup(element, { offer, card, onRun }) {
  const draft = structuredClone(offer.draft);
  let can = false;
  let why = "";
  let picker = null;
  let made = null; // what the app last said; it stays while the next answer is under way
  let trouble = ""; // why it said nothing
  let asked = ""; // the draft that it was asked about, as it was sent
  let answer = Promise.resolve();
  let asking = new AbortController();
  let typing = 0; // timer
  let submitting = false;

  const place = h("div", {});
  const cost = h("p", { class: "setup-cost", role: "status" });
  const button = h("button", { class: "button button-primary", type: "submit", disabled: true }, "Run");
  const form = h(
    "form",
    { class: "setup-fields", autocomplete: "off", onsubmit: submit, oninput: later, onchange: later },
    part("Names", place),
    partsOf(offer.parts, draft, card),
    h("div", { class: "row setup-run" }, button, cost),
  );
  fill(element, form);
  picker = namesPicker(place, { card, model: card.id, most: offer.most_names, onChange: later });
  draw();
  ask();
  return {
    ready(now, reason) {
      [can, why] = [now, reason];
      if (trouble) ask();
      draw();
    },
    remove() {
      clearTimeout(typing);
      asking.abort();
      picker.remove();
      fill(element);
    },
  };

  /** The draft with the chosen names; null while there are none, or a field can't be read. */
  function wanted() {
    const names = picker.value();
    return names && form.checkValidity() ? { ...draft, asked: { ...draft.asked, names } } : null;
  }

  function later() {
    if (!picker) return;
    draw();
    clearTimeout(typing);
    typing = setTimeout(ask, TYPING_MS);
  }

  /** Asks, unless this very draft was asked about. */
  function ask() {
    clearTimeout(typing);
    const now = wanted();
    const text = JSON.stringify(now);
    if (!now || text === asked) return answer;
    asking.abort();
    asking = new AbortController();
    asked = text;
    return (answer = hear(now, asking.signal));
  }

  async function hear(now, signal) {
    try {
      made = await makeExperiment(now, signal);
      trouble = "";
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      trouble = error.message;
      asked = ""; // asked again with the next key
    }
    draw();
  }

  async function submit(event) {
    event.preventDefault();
    if (button.disabled || submitting) return;
    submitting = true;
    await ask();
    submitting = false;
    if (made?.request && !trouble && asked === JSON.stringify(wanted())) onRun(made.request);
  }

  function draw() {
    const names = picker.value();
    const wrong = !names
      ? "Choose names first."
      : !form.checkValidity()
      ? "A number is out of its range."
      : trouble || sentence(made?.problem);
    button.disabled = Boolean(wrong) || !made || !can;
    cost.classList.toggle("problem", Boolean(wrong && names));
    fill(cost, wrong || costWords(), !wrong && !can && why && ` ${why}`);
  }

  function costWords() {
    if (!made) return "Counting the names…";
    if (!made.cost) return "What it costs can't be said: the model's names are not here.";
    const { n_questions, n_each, words, seconds: told } = made.cost;
    const pace = paceOf(card.id, offer.about.study);
    const time = pace
      ? ` About ${seconds((n_questions * n_each) / pace)}, going by the last run here.`
      : told
      ? ` About ${seconds(told)} on two cores, as the model's makers measured it.`
      : "";
    return [words + time, made.doubt && [" ", h("b", { class: "problem" }, made.doubt)]];
  }
}

const sentence = (refusal) => refusal && `${refusal.asked} ${refusal.allowed} ${refusal.change}`;
