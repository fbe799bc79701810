// The fields of an experiment's form, as protocol/app/experiments/form.py describes them, each writing its place in the
// draft. Knows nothing about any experiment, nor what a draft comes to.

import { fill, h, mark } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { MAX_STRENGTH } from "../../core/protocol.js";
import { titled } from "../../run/names.js";

/**
 * @typedef {{ element: HTMLElement, show: (value: any) => void }} Control
 * @typedef {{ draft: object, card: object, shown: Map<string, { show: (value: any) => void, note: (words: string) => void }> }} Form
 * shown: by its place in the draft what a choice of another field can set
 */

/** A fieldset for each part. What is typed and chosen stands in `draft` before an `input` or `change` leaves the form. */
export function partsOf(parts, draft, card) {
  /** @type {Form} */
  const form = { draft, card, shown: new Map() };
  return parts.map(({ title, fields }) => part(title, fields.map((field) => FIELDS[field.kind](field, form))));
}

export const part = (title, ...rest) => h("fieldset", { class: "setup-part" }, h("legend", {}, title), rest);

const FIELDS = {
  number(field, form) {
    const { paths, min, max, whole } = field;
    const bounds = { min, max, step: whole ? 1 : "any" };
    const control = number(bounds, at(form.draft, paths[0]), (value) => {
      for (const path of paths) put(form.draft, path, value);
    });
    return line(field, paths[0], control, form);
  },
  numbers(field, form) {
    const control = numbers(at(form.draft, field.path), (values) => put(form.draft, field.path, values));
    return line(field, field.path, control, form);
  },
  choice(field, form) {
    const control = select(field.options, at(form.draft, field.path), form.card, ({ value, sets, notes }) => {
      put(form.draft, field.path, value);
      for (const [path, its] of Object.entries(sets)) {
        put(form.draft, path, structuredClone(its));
        form.shown.get(path)?.show(its);
      }
      for (const [path, words] of Object.entries(notes)) form.shown.get(path)?.note(words);
    });
    return line(field, field.path, control, form);
  },
  ticks({ path, label, options, note }, { draft }) {
    const values = options.map(({ value }) => value);
    const boxes = options.map(({ value, words }) =>
      tick(words, at(draft, path).includes(value), (on) => {
        const now = at(draft, path);
        put(draft, path, values.filter((one) => (one === value ? on : now.includes(one))));
      })
    );
    return h(
      "div",
      { class: "row wrap setup-line", role: "group", "aria-label": label },
      h("span", {}, label),
      boxes,
      h("span", { class: "note" }, withDoors(note)),
    );
  },
  tick: ({ path, label }, { draft }) => tick(label, at(draft, path), (on) => put(draft, path, on)),
  push({ path, role, optional, note, places }, { draft, card }) {
    const push = { ...at(draft, path) };
    const box = optional && h("input", { type: "checkbox", checked: true, onchange: keep });
    const strength = number({ min: -MAX_STRENGTH, max: MAX_STRENGTH, step: "any" }, push.strength, (value) => {
      push.strength = value;
      keep();
    }).element;
    strength.setAttribute("aria-label", `Strength, ${role}`);
    const name = [mark(role), h("b", {}, nameOf(push.target, card))];
    return h(
      "div",
      { class: "row wrap setup-line" },
      h(box ? "label" : "span", { class: "check-label" }, box, name),
      strength,
      h("span", { class: "note" }, withDoors(note)),
      places.length > 0 && [h("span", {}, "at"), where()],
    );

    function where() {
      const { element } = select(places, push.scope, card, ({ value }) => {
        push.scope = value;
        keep();
      });
      element.setAttribute("aria-label", `Where, ${role}`);
      return element;
    }

    /** Unticked it is left out; what was typed comes back with it. */
    function keep() {
      put(draft, path, !box || box.checked ? { ...push } : null);
    }
  },
  words({ words, role, target }, { card }) {
    if (!target) return h("p", { class: "note" }, withDoors(words));
    return h("p", {}, mark(role), " ", h("b", {}, nameOf(target, card)), ` ${words}`);
  },
};

// ---- places in a draft

const at = (draft, path) => path.split(".").reduce((found, key) => found[key], draft);

function put(draft, path, value) {
  const keys = path.split(".");
  const last = keys.pop();
  keys.reduce((found, key) => found[key], draft)[last] = value;
}

// ---- controls

let ids = 0;

/**
 * @param {{ label: string, note: string }} field
 * @param {string} path
 * @param {Control} control
 * @param {Form} form
 */
function line({ label, note }, path, { element, show }, form) {
  element.id = `setup-${++ids}`;
  const behind = h("span", { class: "note" }, withDoors(note));
  form.shown.set(path, { show, note: (words) => fill(behind, withDoors(words)) });
  return h("p", { class: "row wrap setup-line" }, h("label", { for: element.id }, label), element, behind);
}

/** @returns {Control} */
function number({ min, max, step }, value, onInput) {
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
  return { element: field, show: (now) => (field.value = now) };
}

/** @returns {Control} */
function numbers(values, onInput) {
  const field = h("input", {
    class: "input mono setup-list",
    value: values.join(" "),
    spellcheck: "false",
    oninput: () => {
      const typed = field.value.split(/[\s,;]+/).filter(Boolean).map((one) => Number(one.replace("−", "-")));
      const fits = typed.every((one) => Math.abs(one) <= MAX_STRENGTH);
      field.setCustomValidity(fits ? "" : "Numbers, with spaces between.");
      if (fits) onInput(typed);
    },
  });
  return {
    element: field,
    show: (now) => {
      field.value = now.join(" ");
      field.setCustomValidity("");
    },
  };
}

/** `onChoose(option)`; an option without words is a target. @returns {Control} */
function select(options, value, card, onChoose) {
  const indexOf = (now) => options.findIndex((one) => JSON.stringify(one.value) === JSON.stringify(now));
  const words = (option) => option.words ?? nameOf(option.value, card);
  const field = h(
    "select",
    { onchange: () => onChoose(options[field.value]) },
    options.map((option, i) => h("option", { value: i, selected: i === indexOf(value) }, words(option))),
  );
  return { element: field, show: (now) => (field.value = String(indexOf(now))) };
}

function tick(words, checked, onChange) {
  const box = h("input", { type: "checkbox", checked, onchange: () => onChange(box.checked) });
  return h("label", { class: "check-label" }, box, h("span", {}, words));
}

/** "Known entity, L3 #4". */
function nameOf(target, card) {
  const { label, short } = titled(target, null, card);
  return label === short ? short : `${label}, ${short}`;
}
