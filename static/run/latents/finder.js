// The dialog that finds a latent, by index, role, label, meaning or because it fires here, and pins or watches it.
// A combobox over a list that is always open. From the card, the channels and `look`; opened by the channel `lookup`.

import { fill, h, listen, mark } from "../../core/dom.js";
import { sig3, visible } from "../../core/format.js";
import { keyOf } from "../../core/keys.js";
import { activeAt } from "./active.js";
import { groupsOf, meaning, missing } from "./meaning.js";
import { isOfThesePushes, placeOf, shownIn } from "./values.js";
import { fits, indexIn, latentsOf, nothingAt } from "./search.js";
import { same, titled } from "../names.js";
import { isFull, isKept, keep, kept } from "./pins.js";
import { full } from "./keep.js";

const TOP = 6; // of a group that might have many
const WORDS = {
  pin: { title: "Add a slider", does: "gets a slider", kept: "has a slider" },
  watch: { title: "Watch a latent", does: "is read at every token", kept: "watched" },
};

export function lookup(dialog, state) {
  let options = []; // of the list that is drawn: { target, element }
  let at = 0; // the one that Enter chooses
  const input = h("input", {
    id: "lookup-query",
    class: "input",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "soccer, L3 #4, known…",
    "aria-autocomplete": "list",
    "aria-expanded": "true",
    "aria-controls": "lookup-list",
    oninput: sought,
    onkeydown: key,
  });
  const title = h("h2", { id: "lookup-title" });
  const list = h("div", {
    id: "lookup-list",
    class: "lookup-list",
    role: "listbox",
    "aria-labelledby": "lookup-title",
  });
  const said = h("p", { class: "note", role: "status" });
  const meant = meaning(() => dialog.open && draw());
  dialog.classList.add("lookup");
  dialog.setAttribute("aria-labelledby", "lookup-title");
  fill(
    dialog,
    h(
      "div",
      { class: "row" },
      title,
      h("button", { class: "button button-plain push", type: "button", onclick: () => dialog.close() }, "Close"),
    ),
    h("label", { for: "lookup-query" }, "A word that it writes or fires on; its index, role or name"),
    input,
    list,
    said,
  );
  const offs = [
    state.on(["lookup"], open),
    state.on(["look", "card", "sliders", "watching"], () => dialog.open && draw()),
    listen(dialog, "close", () => {
      meant.stop();
      state.set("lookup", null);
    }),
  ];
  return () => {
    for (const off of offs) off();
    dialog.close();
    fill(dialog);
  };

  function open() {
    const asked = state.get("lookup");
    if (!asked) return dialog.open && dialog.close();
    fill(title, WORDS[asked.purpose].title);
    input.value = "";
    if (!dialog.open) dialog.showModal();
    input.focus();
    state.set("wantLook", true);
    draw();
  }

  function sought() {
    meant.look(state.get("card")?.id, indexIn(input.value) ? "" : input.value);
    draw();
  }

  function draw() {
    const asked = state.get("lookup");
    if (!asked) return;
    const groups = found(state, asked.purpose, input.value, meant.found()).filter(({ targets }) => targets.length);
    options = [];
    fill(
      list,
      ...groups.map(({ name, targets }, i) =>
        h(
          "div",
          { role: "group", "aria-labelledby": `lookup-group-${i}` },
          h("p", { id: `lookup-group-${i}`, class: "note", role: "presentation" }, name),
          targets.map((one) => option(one, asked.purpose)),
        )
      ),
    );
    at = 0;
    point();
    fill(said, remark(asked.purpose));
  }

  function remark(purpose) {
    if (isFull(state, purpose)) return full(purpose);
    const index = indexIn(input.value);
    if (!options.length && index) return nothingAt(index, state.get("card")?.dictionaries ?? []);
    const words = [
      options.length && `${options.length} found. Enter: the marked one ${WORDS[purpose].does}.`,
      meant.asking() && "Looking for what writes it or fires on it…",
      meant.found() && missing(meant.found()),
      meant.problem() && `By meaning: ${meant.problem().allowed} ${meant.problem().change}`,
      !options.length && !meant.asking() && "Give an index, such as L3 #4: a latent needs no name.",
    ];
    return words.filter(Boolean).join(" ");
  }

  /** @param {{ target: object, value?: number, why?: string }} found */
  function option({ target, value, why }, purpose) {
    const { role, label, short } = titled(target, null, state.get("card"));
    const element = h(
      "div",
      {
        id: `lookup-option-${options.length}`,
        class: "lookup-option",
        role: "option",
        "aria-selected": "false",
        onclick: () => choose(target),
      },
      mark(role),
      h("span", { class: "mono lookup-short" }, short),
      h("span", { class: `as-${role}` }, label === short ? "" : label),
      h("span", { class: "note push" }, aside(target, value, purpose)),
      why && h("span", { class: "lookup-why" }, why),
    );
    options.push({ target, element });
    return element;
  }

  function aside(target, value, purpose) {
    if (isKept(state, purpose, target)) return WORDS[purpose].kept;
    if (target.dictionary) return `${target.dictionary}${value === undefined ? "" : ` · ${sig3(value)}`}`;
    return state.get("card")?.vectors?.find(({ name }) => name === target.name)?.made_by.split(/[.,]/)[0];
  }

  function key(event) {
    const pressed = keyOf(event);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 8, PageUp: at - 8 }[pressed];
    if (pressed === "Enter" && options[at]) {
      event.preventDefault();
      choose(options[at].target);
    } else if (to !== undefined && options.length) {
      event.preventDefault();
      const one = Math.abs(to - at) === 1;
      at = one ? (to + options.length) % options.length : Math.min(Math.max(to, 0), options.length - 1);
      point();
    }
  }

  function point() {
    options.forEach(({ element }, i) => element.setAttribute("aria-selected", String(i === at)));
    const now = options[at]?.element;
    if (now) input.setAttribute("aria-activedescendant", now.id);
    else input.removeAttribute("aria-activedescendant");
    now?.scrollIntoView({ block: "nearest" });
  }

  function choose(target) {
    const { purpose } = state.get("lookup");
    const there = isKept(state, purpose, target);
    if (!there && isFull(state, purpose)) return; // the line below the list says why
    dialog.close();
    keep(state, purpose, target);
  }
}

/** @returns {{ name: string, targets: { target: object, value?: number, why?: string }[] }[]} each target once */
function found(state, purpose, query, meant) {
  const card = state.get("card");
  const dictionaries = card?.dictionaries ?? [];
  const index = indexIn(query);
  const seen = [];
  const group = (name, targets, asked = !index) => ({
    name,
    targets: targets.filter(({ target }) => {
      const { role, label, short } = titled(target, null, card);
      const wanted = !asked ||
        fits(query, [role, label === short ? null : label, short, target.dictionary ?? target.name]);
      const new_ = !seen.some((one) => same(one, target));
      if (wanted && new_) seen.push(target);
      return wanted && new_;
    }),
  });
  if (index) {
    const targets = latentsOf(index, dictionaries).map((target) => ({ target }));
    return [group("By index", targets)];
  }
  const directions = [...(card?.directions ?? []), ...(card?.more_directions ?? [])]
    .map(({ target }) => ({ target }))
    .filter(({ target }) => purpose === "pin" || target.kind !== "vector");
  const place = topHere(state, query ? Infinity : TOP);
  return [
    group("Directions of this model", directions),
    group("Watched", kept(state, "watch").map((target) => ({ target }))),
    group(place.name, place.targets),
    ...(meant ? groupsOf(meant).map(({ name, latents }) => group(name, latents.slice(0, TOP), false)) : []),
  ];
}

/** The largest at the selected token, over all dictionaries that were read. */
function topHere(state, n) {
  const look = state.get("look");
  if (!look?.start || !isOfThesePushes(state)) return { name: "Top latents", targets: [] };
  const pos = placeOf(state);
  const token = look.start.tokens[pos] ?? look.arms.at(-1).tokens[pos - look.start.tokens.length];
  const all = look.start.request.read.flatMap(({ dictionary }) =>
    (activeAt(look, shownIn(look), dictionary, pos) ?? []).map(({ latent, value }) => ({
      target: { kind: "latent", dictionary, latent },
      value,
    }))
  );
  all.sort((a, b) => b.value - a.value);
  return { name: `Top latents at ${visible(token?.text ?? "")}`, targets: all.slice(0, n) };
}
