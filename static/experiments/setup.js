// The form of an experiment: which names, which questions about them, what is pushed, and what that will cost. Makes a
// request (experiments/presets.js); knows nothing about running it.

import { Refused, world } from "../core/api.js";
import { armsIn, promptsOf, tooMuch } from "./cost.js";
import { fill, h, mark } from "../core/dom.js";
import { count } from "../core/format.js";
import { paceOf } from "../study/pace.js";
import { directionsOf, experimentOf, KINDS, nameOf, presetOf, requestOf, strengthOf } from "./presets.js";
import { SCOPES, UNITS } from "../core/protocol.js";
import { namesPicker } from "../study/names/picker.js";
import { seconds } from "../study/running.js";

const SPLITS = { test: "Test, 4 in 10", train: "Train, half", validation: "Validation, 1 in 10", all: "All names" };
const TIERS = ["known", "unknown", "rare", "obscure", "withheld", "misled"];
const PUSHED = ["last_entity", "entity", "entity_to_end", "last_entity_to_end", "last_prompt", "prompt"];

/** `onRun(request)`. @returns {{ ready: (can: boolean, why: string) => void, remove: () => void }} */
export function experimentSetup(element, { id, card, onRun }) {
  const experiment = experimentOf(id);
  const options = presetOf(id, card);
  const asked = {
    split: experiment.split,
    groups: [...experiment.groups],
    most: experiment.most,
    attributes: [],
    per_name: id === "label" ? "all" : "one",
  };
  /** @type {Record<string, Record<string, number>>} group -> type -> names of the world */
  let counts = {};
  let can = false;
  let why = "";
  let picker = null;
  const place = h("div", {});
  const cost = h("p", { class: "setup-cost", role: "status" });
  const button = h("button", { class: "button button-primary", type: "submit", disabled: true }, "Run");
  const form = h(
    "form",
    { class: "experiment-form", autocomplete: "off", onsubmit: submit, oninput: () => draw(), onchange: () => draw() },
    part("Names", place),
    part("Questions", ...questions(asked, card)),
    part(id === "label" ? "Asking" : "Arms", ...fields(id, card, options)),
    h("div", { class: "row setup-run" }, button, cost),
  );
  fill(element, form);
  picker = namesPicker(place, { card, model: card.id, most: experiment.names, onChange: () => draw() });
  draw();
  if (card.world) countWorld();
  return {
    ready(now, reason) {
      [can, why] = [now, reason];
      draw();
    },
    remove() {
      picker.remove();
      fill(element);
    },
  };

  function request() {
    const names = picker.value();
    return names && requestOf(id, card, { names, ...asked }, options);
  }

  function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    onRun(request());
  }

  function draw() {
    if (!picker) return;
    const wanted = request();
    const wrong = !wanted
      ? "Choose names first."
      : form.checkValidity()
      ? tooMuch(wanted)
      : "A number is out of its range.";
    button.disabled = Boolean(wrong) || !can;
    cost.classList.toggle("problem", Boolean(wrong && wanted));
    fill(cost, wrong ?? costWords(wanted), !wrong && !can && why && ` ${why}`);
  }

  function costWords(wanted) {
    const known = wanted.asked.names.kind === "given" || Object.keys(counts).length > 0;
    const n = known ? promptsOf(wanted.asked, counts, card.attributes) : 0;
    const { n: each, words } = armsIn(wanted);
    if (!n) return known ? "No question is left. Choose more names or another part." : "Counting the names…";
    if (id === "patching") return `Up to ${count(Math.min(options.n_pairs, n), "pair")} of questions.`;
    const pace = paceOf(card.id, wanted.kind);
    const time = pace ? ` About ${seconds((n * each) / pace)}, going by the last run here.` : "";
    return `Up to ${count(n, "question")} × ${each} ${words} = ${(n * each).toLocaleString("en")} answers.${time}`;
  }

  async function countWorld() {
    try {
      const found = await Promise.all(TIERS.map((tier) => world(card.id, { tier, limit: 1 })));
      counts = Object.fromEntries(found.map(({ types }, i) => [TIERS[i], types]));
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // it runs all the same; what it costs is not said
    }
    draw();
  }
}

const part = (title, ...rest) => h("fieldset", { class: "setup-part" }, h("legend", {}, title), rest);

function questions(asked, card) {
  const attributes = [...new Set(card.attributes.map(({ name }) => name))];
  const pick = (list, chosen, name) =>
    list.map((one) =>
      check(
        one,
        chosen.includes(one),
        (on) => (asked[name] = list.filter((other) => (other === one ? on : asked[name].includes(other)))),
      )
    );
  return [
    line(
      "Part",
      select(Object.entries(SPLITS), asked.split, (value) => (asked.split = value)),
      "dealt by a hash of the name, so that what ranked a latent is not what tests it",
    ),
    line(
      "Of each type and group at most",
      number(asked.most, { min: 1, max: 1_000 }, (value) => (asked.most = value)),
      "questions",
    ),
    choices("Groups", pick([...TIERS, "unlabelled"], asked.groups, "groups"), "none ticked: all of them"),
    attributes.length > 1 && choices("Attributes", pick(attributes, [], "attributes"), "none ticked: all of them"),
    line(
      "Of each name",
      select(
        [["one", "one attribute, drawn by hash"], ["all", "every attribute"]],
        asked.per_name,
        (value) => (asked.per_name = value),
      ),
    ),
  ].filter(Boolean);
}

function fields(id, card, options) {
  const set = (name) => (value) => (options[name] = value);
  const list = directionsOf(card);
  const controls = (name, words) => line("Controls", number(options[name], { min: 0, max: 32 }, set(name)), words);
  switch (id) {
    case "refusals":
      return [
        push(options, "known", card, { scoped: true }),
        push(options, "unknown", card, { scoped: true }),
        h("p", { class: "note" }, "Each is added; and each is projected out at every token, at its layer."),
        controls("n", "of each kind, for each that is added"),
        line(
          "and",
          number(options.n_projected, { min: 0, max: 32 }, set("n_projected")),
          "for each that is projected out",
        ),
        choices(
          "Kinds",
          KINDS.map((kind) =>
            check(
              kind,
              true,
              (on) => (options.kinds = KINDS.filter((one) => (one === kind ? on : options.kinds.includes(one)))),
            )
          ),
          "silent at these names, as the paper's; firing as often; drawn at random",
        ),
      ];
    case "dose":
    case "scopes": {
      const strengths = h("input", {
        id: "strengths",
        class: "input mono setup-list",
        value: options.strengths?.join(" "),
        spellcheck: "false",
        oninput: () => {
          options.strengths = strengths.value.split(/[\s,;]+/).filter(Boolean).map((one) =>
            Number(one.replace("−", "-"))
          );
          strengths.setCustomValidity(options.strengths.every(Number.isFinite) ? "" : "Numbers, with spaces between.");
        },
      });
      const one = number(options.strength ?? 1, { step: "any" }, set("strength"));
      const scope = select(PUSHED.map((name) => [name, SCOPES[name]]), options.scope, set("scope"));
      const direction = select(
        list.map((one, i) => [String(i), nameOf(one, card)]),
        String(options.direction),
        (value) => {
          const chosen = list[Number(value)];
          options.direction = Number(value);
          if (id === "scopes") one.value = options.strength = strengthOf(chosen);
          else {
            Object.assign(options, presetOf("dose", { ...card, directions: [chosen], more_directions: [] }), {
              direction: Number(value),
            });
            strengths.value = options.strengths.join(" ");
            scope.value = options.scope;
          }
        },
      );
      const { unit: own = "residual_norm" } = list[options.direction] ?? {};
      const unit = UNITS[own].name + (own === "residual_norm" ? ", the mean norm of the residual stream there" : "");
      return [
        line("Direction", direction),
        id === "dose"
          ? line(
            "Strengths",
            strengths,
            `${unit}; up to 8 with controls`,
          )
          : line("Strength", one, unit),
        id === "dose" ? line("At", scope) : h(
          "p",
          { class: "note" },
          "At the last token of the name; at all its tokens; from either to the end of the prompt; and at what is written too.",
        ),
        controls("n", "random directions for each"),
      ];
    }
    case "attention":
      return [
        push(options, "known", card),
        push(options, "unknown", card),
        h(
          "p",
          { class: "note" },
          "Known is pushed on unknown names, unknown on known ones, at the last token of the name.",
        ),
        controls("n_controls", "random directions for each"),
        line(
          "Knock out",
          number(options.n_heads, { min: 1, max: 16 }, set("n_heads")),
          "heads that read the name most",
        ),
        check("Weigh attention by the length of the value", options.value_weighted, set("value_weighted")),
      ];
    case "patching":
      return [
        line(
          "Pairs",
          number(options.n_pairs, { min: 2, max: 256 }, set("n_pairs")),
          "of a known and an unknown name, of one attribute and one length",
        ),
      ];
    case "knowledge":
      return [
        push(options, "known", card),
        push(options, "unknown", card),
        controls("n_controls", "random directions for each"),
      ];
    case "transfer":
      return [
        h("p", {}, "Every dictionary is read on both models. ", taken(options, card)),
        controls("n_controls", "random directions taken out instead"),
      ];
    case "uncertainty":
      return [
        line(
          "Samples",
          number(options.n_samples, { min: 0, max: 32 }, set("n_samples")),
          "of each question; 0: right is what greedy says",
        ),
        line("Ranked", number(options.top, { min: 1, max: 100 }, set("top")), "latents each way"),
      ];
    case "misfires":
      return [
        h(
          "p",
          {},
          mark("known"),
          " ",
          options.known ? nameOf(options.known, card) : "No known latent on this card",
          " is ablated at the name's tokens.",
        ),
        controls("n", "of each kind: latents that fire as often, random directions"),
      ];
    default:
      return [
        line(
          "Samples",
          number(options.n_samples, { min: 1, max: 32 }, set("n_samples")),
          "of each question, at temperature 1, beside a greedy one",
        ),
        line("An attribute counts if", number(options.k, { min: 1, max: 32 }, set("k")), "samples are right"),
        line(
          "A name is known with",
          number(options.tau, { min: 1, max: 20 }, set("tau")),
          "attributes that count. Both can be moved afterwards.",
        ),
      ];
  }
}

function taken(options, card) {
  const names = ["known", "unknown"].filter((role) => options[role]).map((role) => nameOf(options[role], card));
  return names.length ? `${names.join(" and ")} are taken out of the weights.` : "";
}

/** One direction that is pushed, with its strength and where; unticked it is left out. */
function push(options, role, card, { scoped = false } = {}) {
  const preset = options[role];
  if (!preset) return h("p", { class: "note" }, `This model's card has no ${role} latent.`);
  const now = { ...preset };
  const keep = () => (options[role] = box.checked ? { ...now } : null);
  const box = h("input", { type: "checkbox", checked: true, onchange: keep });
  const strength = number(now.strength, { step: "any" }, (value) => {
    now.strength = value;
    keep();
  });
  strength.setAttribute("aria-label", `Strength, ${role}`);
  const scope = select(PUSHED.map((name) => [name, SCOPES[name]]), now.scope, (value) => {
    now.scope = value;
    keep();
  });
  scope.setAttribute("aria-label", `Where, ${role}`);
  return h(
    "div",
    { class: "row wrap setup-line" },
    h("label", { class: "check-label" }, box, mark(role), h("b", {}, nameOf(now, card))),
    strength,
    h("span", { class: "note" }, UNITS[now.unit].name),
    scoped && h("span", {}, "at"),
    scoped && scope,
  );
}

// ---- below: controls of a form

let ids = 0;

function line(words, control, after = "") {
  control.id ||= `setup-${++ids}`;
  return h(
    "p",
    { class: "row wrap setup-line" },
    h("label", { for: control.id }, words),
    control,
    after && h("span", { class: "note" }, after),
  );
}

function choices(words, list, after) {
  return h(
    "div",
    { class: "row wrap setup-line", role: "group", "aria-label": words },
    h("span", {}, words),
    list,
    h("span", { class: "note" }, after),
  );
}

function check(words, checked, onChange) {
  const box = h("input", { type: "checkbox", checked, onchange: () => onChange(box.checked) });
  return h("label", { class: "check-label" }, box, h("span", {}, words));
}

function number(value, { min = null, max = null, step = /** @type {number|"any"} */ (1) } = {}, onInput) {
  const field = h("input", {
    class: "input setup-number",
    type: "number",
    required: true,
    min,
    max,
    step,
    value,
    oninput: () => field.value !== "" && onInput(Number(field.value)),
  });
  return field;
}

function select(options, value, onChange) {
  const field = h(
    "select",
    { onchange: () => onChange(field.value) },
    options.map(([key, words]) => h("option", { value: key, selected: key === value }, words)),
  );
  return field;
}
