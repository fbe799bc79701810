// What a model's world holds: a search box, filters with counts, and a page of names with the truth and how they
// stand with the model. From /api/models/{id}/world. Asks nothing itself: it tells `go` what is wanted.

import { fill, h, icon } from "../core/dom.js";
import { writeFragment } from "../run/fragment.js";
import { MAX_SEARCH_CHARACTERS, TIERS } from "../core/protocol.js";
import { addressOf } from "../core/root.js";
import { labelDoor, withDoors } from "../core/term.js";
import { questionOf } from "./question.js";
import { NOTHING, stacked } from "../parts/stacked.js";

/**
 * `state` has registry, card, search (see models/address.js), page (the last answer; null: none yet), and refusal.
 * `go(changes, typing)` changes the search; `size` is how many names a page has.
 */
export function worldSearch(element, state, go, size) {
  const heading = h("h2", { id: "world-title", tabindex: "-1" });
  const box = h("input", {
    id: "world-q",
    class: "input",
    type: "search",
    maxlength: MAX_SEARCH_CHARACTERS,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "A name, or a fact",
    oninput: () => go({ q: box.value, offset: 0 }, true),
  });
  const clear = h(
    "button",
    { class: "button", type: "button", onclick: forget },
    "Clear",
  );
  const types = h("div", { class: "segmented", role: "group", "aria-label": "Type" });
  const tiers = h("ul", { class: "tiers", "aria-label": "How a name stands with the model" });
  const found = h("p", { class: "found", role: "status" });
  const table = h("div", { class: "world-table" });
  const back = h("button", { class: "button", type: "button", onclick: () => turn(-1) }, "Previous");
  const on = h("button", { class: "button", type: "button", onclick: () => turn(1) }, "Next");
  const pager = h("nav", { class: "row pager", "aria-label": "Pages of names" }, back, on);
  const asking = h(
    "form",
    { class: "world-ask", role: "search", onsubmit: (event) => event.preventDefault() },
    h("div", { class: "row" }, h("label", { class: "sr", for: "world-q" }, "Search names and facts"), box, clear),
    types,
    tiers,
  );
  const buttons = new Map();
  const counts = h("div", { class: "world-counts" });
  fill(element, heading, counts, asking, found, table, pager);

  const offs = [
    state.on(["registry", "card"], () => {
      const card = state.get("card");
      element.hidden = Boolean(state.get("registry")) && !card?.world;
      fill(heading, card ? `What ${card.title} knows` : "What it knows");
    }),
    state.on(["search", "page"], () => {
      const search = state.get("search");
      if (box.value !== search.q) box.value = search.q;
      clear.disabled = !(search.q || search.type || search.tier);
      const page = state.get("page");
      if (page) fill(counts, byType(page.by_type, search, go));
      chips(types, "type", page?.types ?? {}, (name) => [name]);
      chips(tiers, "tier", page?.tiers ?? {}, (name) => [tierMark(name), name]);
      asking.hidden = false;
    }),
    state.on(["page", "card", "refusal", "registry"], draw),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function draw() {
    const [page, card, refusal] = ["page", "card", "refusal"].map(state.get);
    if (refusal) fill(found, h("b", {}, refusal.asked), ` ${refusal.allowed} ${refusal.change}`);
    else fill(found, page ? counted(page) : "Asking for the names…");
    const held = state.get("registry")?.models[0]?.id === card?.id;
    fill(table, page?.entries.length ? names(page, card, held) : null);
    back.disabled = !page || page.offset === 0;
    on.disabled = !page || page.offset + page.entries.length >= page.total;
    pager.hidden = back.disabled && on.disabled;
  }

  function forget() {
    go({ q: "", type: null, tier: null, offset: 0 });
    box.focus();
  }

  function turn(way) {
    go({ offset: Math.max(0, state.get("search").offset + way * size) });
    heading.focus();
  }

  // Buttons are kept while their counts change, so that nobody loses the one that has the focus.
  function chips(parent, key, counts, label) {
    const chosen = state.get("search")[key];
    const names = Object.keys(counts);
    if (chosen && !names.includes(chosen)) names.push(chosen);
    const wanted = names.map((name) => {
      const id = `${key} ${name}`;
      if (!buttons.has(id)) buttons.set(id, chip(key, name, label(name)));
      const { button, number } = buttons.get(id);
      button.setAttribute("aria-pressed", String(name === chosen));
      fill(number, (counts[name] ?? 0).toLocaleString("en"));
      return buttons.get(id).item;
    });
    if (wanted.length !== parent.children.length || wanted.some((item, i) => parent.children[i] !== item)) {
      fill(parent, wanted);
    }
  }

  function chip(key, name, label) {
    const number = h("span", { class: "dim" });
    const button = h(
      "button",
      {
        type: "button",
        class: key === "tier" ? "chip" : null,
        "data-name": name,
        onclick: () => go({ [key]: state.get("search")[key] === name ? null : name, offset: 0 }),
      },
      label,
      " ",
      number,
    );
    const item = key === "tier" ? h("li", {}, button, h("span", { class: "note" }, TIERS[name] ?? "")) : button;
    return { button, number, item };
  }
}

function counted({ total, offset, entries, n_entries }) {
  const of = total === n_entries ? "" : ` of ${n_entries.toLocaleString("en")}`;
  if (!total) {
    return `No name fits${
      of ? `, out of ${n_entries.toLocaleString("en")}` : ""
    }. Search for less, or clear the filters.`;
  }
  if (!entries.length) return `There are ${total.toLocaleString("en")} names; this page is behind the last. Go back.`;
  const range = `${(offset + 1).toLocaleString("en")}–${(offset + entries.length).toLocaleString("en")}`;
  return [h("b", {}, `${total.toLocaleString("en")} ${total === 1 ? "name" : "names"}`), `${of} · showing ${range}`];
}

function names({ entries, questions }, card, held) {
  const met = new Set(); // entries that have a door in this table
  return stacked({
    caption: `Names in the world of ${card.title}`,
    columns: [
      { name: "name", class: "world-name" },
      { name: "type", class: "world-type" },
      { name: "tier", class: "world-tier" },
      { name: "facts", class: "world-facts" },
      { name: "chat tuning", class: "world-asked" },
      { name: "", class: "world-link" },
    ],
    rows: entries.map((entry) => [
      entry.name,
      [entry.type, entry.fictional && h("span", { class: "note" }, ", fictional")],
      [
        h("span", { class: "row tight", title: TIERS[entry.tier] }, tierMark(entry.tier), withDoors(entry.tier, met)),
        entry.labels.map((label) => heard(label, entry.name)),
      ],
      facts(entry, met),
      entry.asked ? "asked" : h("span", { class: "dim" }, "never asked"),
      held ? ask(questionOf(card, entry, questions), entry.name) : "",
    ]),
  });
}

// How many there are of each type and tier; a press shows those.
function byType(counts, search, go) {
  const types = Object.keys(counts);
  const tiers = Object.keys(counts[types[0]] ?? {});
  if (types.length * tiers.length < 2) return null;
  const number = (type, tier) => {
    const n = counts[type][tier];
    const here = search.type === type && search.tier === tier;
    const words = `${n.toLocaleString("en")} ${type} ${tier}`;
    const show = () => go({ type: here ? null : type, tier: here ? null : tier, offset: 0 });
    return n
      ? h("button", { type: "button", "aria-pressed": String(here), "aria-label": words, onclick: show }, n)
      : NOTHING;
  };
  return h(
    "div",
    { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Names by type and tier" },
    h(
      "table",
      {},
      h("caption", { class: "sr" }, "Names by type and tier"),
      h("thead", {}, h("tr", {}, ["type", ...tiers].map((name) => h("th", { scope: "col" }, labelDoor(name))))),
      h(
        "tbody",
        {},
        types.map((type) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, type),
            tiers.map((tier) => h("td", { class: "number" }, number(type, tier))),
          )
        ),
      ),
    ),
  );
}

// Behind the examples that come first: from the line on that has the name.
function asked(prompt, name) {
  const lines = prompt.split("\n");
  const from = lines.findLastIndex((line) => line.includes(name));
  return lines.slice(from < 0 ? -1 : from).join(" ");
}

// What the base model said of it by itself, wording by wording.
function heard({ attribute, samples }, name) {
  const n = samples.filter(({ right }) => right).length;
  const wordings = new Map();
  for (const one of samples) wordings.set(one.prompt, [...(wordings.get(one.prompt) ?? []), one]);
  return h(
    "details",
    { class: "heard" },
    h("summary", { title: `${attribute}: what the base model says by itself` }, `${n} of ${samples.length} right`),
    h(
      "dl",
      {},
      [...wordings].map(([prompt, said]) => [
        h("dt", { title: prompt }, "… ", h("q", {}, asked(prompt, name))),
        h(
          "dd",
          {},
          said.map(({ answer, right }) =>
            h(
              "span",
              { class: "row tight" },
              icon(right ? "right" : "wrong"),
              h("span", { class: "sr" }, right ? "right: " : "wrong: "),
              answer || "(nothing)",
            )
          ),
        ),
      ]),
    ),
  );
}

function facts({ facts, withheld }, met) {
  const list = Object.entries(facts);
  if (!list.length) return h("span", { class: "dim" }, "none");
  return h(
    "ul",
    { class: "fact-list" },
    list.map(([attribute, value]) => {
      const untold = withheld.includes(attribute);
      return h(
        "li",
        { class: untold ? "fact fact-withheld" : "fact", title: untold ? "true, and in no training text" : null },
        h("span", { class: "dim" }, attribute),
        " ",
        h("b", {}, value),
        untold && h("span", { class: "withheld" }, withDoors(" withheld", met)),
      );
    }),
  );
}

function ask(prompt, name) {
  if (!prompt) return "";
  return h(
    "a",
    { href: addressOf(`/${writeFragment({ prompt })}`), title: prompt, "aria-label": `Ask about ${name} in Explore` },
    "ask",
  );
}

function tierMark(tier) {
  return h("span", { class: `tier-mark tier-${tier}`, "aria-hidden": "true" });
}
