// Which names a study takes: those of the model's world, or the reader's own, pasted or from a CSV. Says what the set
// amounts to before anything runs: known and unknown per type, lengths in tokens, what confounds it, what is refused.
// From /api/names. Knows nothing about what is studied.

import { checkNames, Refused } from "../../core/api.js";
import { MAX_TYPE_CHARACTERS } from "../../core/protocol.js";
import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { namesFile } from "./file.js";
import { amount, readWords, refusedWords } from "./read.js";

const TYPING_MS = 400;
const MOST = [10, 25, 50, 100, 200, 400];

/**
 * `card`: of the model, which may have no world. `template`: what names are put into, as a DiscoverRequest has it;
 * `most`: of the world's names of each type and tier at first, null for all; `names`: those to begin with. `value()` is
 * a `Names` of protocol/worker/names.py, or null while there is none that a study would take; `size()` how many those are, or
 * null while nobody knows; `onChange` hears of every change.
 */
export function namesPicker(element, { card, model, onChange, template = null, most = null, names = null }) {
  const id = `names-${Math.random().toString(36).slice(2, 8)}`;
  let kind = card?.world && names?.kind !== "given" ? "world" : "given";
  const first = names ? names.most : most;
  const amounts = [...new Set([...MOST, first ?? MOST[0]])].sort((a, b) => a - b);
  let counts = null; // of the world: the answer of /api/names
  let read = null; // the answer of /api/names
  let refusal = null;
  let asking = null; // AbortController of the box
  const counting = new AbortController(); // of the world
  let typing = 0; // timer
  let dropped = ""; // what the box said before it was known

  const source = h(
    "div",
    { class: "segmented", role: "group", "aria-label": "Where the names come from" },
    ["world", "given"].map((one) =>
      h(
        "button",
        { type: "button", "data-kind": one, onclick: () => choose(one) },
        one === "world" ? "The model's world" : "Your own list",
      )
    ),
  );
  const types = h("div", { class: "names-types", role: "group", "aria-label": "Types" });
  const few = h(
    "select",
    { id: `${id}-most`, onchange: changed },
    h("option", { value: "" }, "all"),
    amounts.map((n) => h("option", { value: n, selected: n === first }, `at most ${n}`)),
  );
  const worldPanel = h(
    "div",
    { class: "names-panel" },
    types,
    h("p", { class: "row" }, h("label", { for: `${id}-most` }, "Of each type, known and unknown"), few),
  );

  const box = h("textarea", {
    id: `${id}-text`,
    class: "input mono names-box",
    rows: 6,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: "name,type,label\nMichael Jordan,player,known\nMichael Batkin,player,unknown",
    oninput: () => {
      file.forget();
      later(TYPING_MS);
    },
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => {
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      file.take(event.dataTransfer.files[0]);
    },
  });
  const filePanel = h("div", { class: "names-panel" });
  const file = namesFile(filePanel, { onText: take, onRefused: refuse });
  const type = h("input", {
    id: `${id}-type`,
    class: "input names-short",
    value: "entity",
    maxlength: MAX_TYPE_CHARACTERS,
    spellcheck: "false",
    oninput: () => later(TYPING_MS),
  });
  const label = h(
    "select",
    { id: `${id}-label`, onchange: () => later(0) },
    h("option", { value: "" }, "not told"),
    h("option", { value: "known" }, "known"),
    h("option", { value: "unknown" }, "unknown"),
  );
  const givenPanel = h(
    "div",
    { class: "names-panel" },
    h(
      "label",
      { for: `${id}-text` },
      "A name a line, or a CSV with the columns name, type, label (known or unknown), and any facts",
    ),
    box,
    filePanel,
    h(
      "div",
      { class: "row wrap" },
      "Where no column says it:",
      h("label", { for: `${id}-type` }, "type"),
      type,
      h("label", { for: `${id}-label` }, "label"),
      label,
    ),
  );
  const match = h("input", {
    type: "checkbox",
    id: `${id}-match`,
    checked: names?.match_lengths ?? true,
    onchange: changed,
  });
  const told = h("div", { class: "names-told", role: "status" });
  const problem = h("div", { class: "problem", role: "alert" });
  fill(
    element,
    source,
    worldPanel,
    givenPanel,
    h(
      "label",
      { class: "check-label names-match" },
      match,
      h(
        "span",
        {},
        "Match lengths in tokens ",
        h("span", { class: "note" }, "else invented names, which are often longer, are told apart by that alone"),
      ),
    ),
    told,
    problem,
  );
  if (names?.kind === "given") box.value = csvOf(names.names);
  draw();
  if (card?.world) countWorld();
  if (box.value) later(0);

  return {
    value,
    size,
    remove() {
      clearTimeout(typing);
      asking?.abort();
      counting.abort();
      file.remove();
      fill(element);
    },
  };

  function value() {
    const match_lengths = match.checked;
    if (kind === "given") return read && !refusal ? { kind, names: read.names, match_lengths } : null;
    const chosen = chosenTypes();
    if (counts && !chosen.length) return null;
    const all = !counts || chosen.length === counts.types.length;
    return { kind, types: all ? [] : chosen, most: few.value ? Number(few.value) : null, match_lengths };
  }

  function size() {
    if (kind === "given") {
      return read && !refusal ? amount(read.checked, read.checked.types, undefined, match.checked) : null;
    }
    return counts && inWorld("known") + inWorld("unknown");
  }

  function choose(one) {
    kind = one;
    changed();
    if (kind === "given") box.focus();
  }

  function changed() {
    draw();
    onChange?.();
  }

  // ---- the model's world

  async function countWorld() {
    const mine = counting;
    try {
      counts = (await checkNames({ model, text: null, template }, mine.signal)).checked;
      fill(types, counts.types.map(typeBox));
      changed();
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      fill(types, h("p", { class: "note" }, `The names are not counted. ${error.message}`));
    }
  }

  function typeBox(name) {
    const [known, unknown] = ["known", "unknown"].map((side) => amount(counts, [name], side, false));
    return h(
      "label",
      { class: "check-label" },
      h("input", { type: "checkbox", value: name, checked: isChosen(name), onchange: changed }),
      h("span", {}, name, " ", h("span", { class: "note" }, `${known} known, ${unknown} unknown`)),
    );
  }

  function isChosen(name) {
    return !names?.types?.length || names.types.includes(name);
  }

  function chosenTypes() {
    return [...types.querySelectorAll("input:checked")].map((input) => input.value);
  }

  // ---- the reader's own

  /** null: the reader is asked how it is to be read. */
  function take(text) {
    box.value = text ?? "";
    later(0);
  }

  function refuse(why) {
    asking?.abort();
    read = null;
    refusal = why;
    dropped = "";
    changed();
  }

  function later(wait_ms) {
    clearTimeout(typing);
    typing = setTimeout(ask, wait_ms);
  }

  async function ask() {
    asking?.abort();
    const mine = (asking = new AbortController());
    const text = box.value;
    const asked = { model, text, type: type.value.trim() || "entity", label: label.value || null, template };
    if (JSON.stringify(asked) === dropped) return;
    dropped = JSON.stringify(asked);
    read = null;
    refusal = null;
    if (!text.trim()) return changed();
    changed();
    try {
      const answer = await checkNames(asked, mine.signal);
      if (asking !== mine) return;
      read = answer;
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      refusal = error.refusal;
      if (error.status === 0 || error.status >= 500) dropped = ""; // asked again with the next key
    }
    changed();
  }

  // ---- what it amounts to

  function draw() {
    for (const button of source.children) {
      button.setAttribute("aria-pressed", String(button.dataset.kind === kind));
      if (button.dataset.kind === "world") button.hidden = !card?.world;
    }
    worldPanel.hidden = kind !== "world";
    givenPanel.hidden = kind !== "given";
    fill(problem, kind === "given" && refusal && refusedWords(refusal));
    if (kind === "world") fill(told, worldWords());
    else {
      fill(
        told,
        read
          ? [notesOf(read), readWords(read.checked, match.checked)]
          : !refusal && box.value.trim() && "Reading the names…",
      );
    }
  }

  /** Names of one side that a study would take of the world. */
  function inWorld(side) {
    const most = few.value ? Number(few.value) : Infinity;
    return chosenTypes().reduce((sum, name) => sum + Math.min(most, amount(counts, [name], side, match.checked)), 0);
  }

  function worldWords() {
    if (!counts) return "Counting the names…";
    const chosen = chosenTypes();
    if (!chosen.length) return h("p", { class: "problem" }, "No type is chosen. Tick at least one.");
    return h(
      "p",
      {},
      few.value ? "At most " : "",
      `${inWorld("known").toLocaleString("en")} known and ${count(inWorld("unknown"), "unknown name")} of ${
        count(chosen.length, "type")
      }`,
      match.checked && ", as many of each length",
      ".",
    );
  }
}

/** What of the text was taken for no name. */
const notesOf = ({ notes }) => notes.map((note) => h("p", { class: "note" }, note));

/** Names as the box reads them, with every fact in a column of its own. */
function csvOf(names) {
  const facts = [...new Set(names.flatMap((one) => Object.keys(one.facts ?? {})))];
  const cell = (text) => (/[",;\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = names.map(({ name, type, label, facts: own }) => [
    name,
    type,
    label ?? "",
    ...facts.map((fact) => own?.[fact] ?? ""),
  ]);
  return [["name", "type", "label", ...facts], ...rows].map((row) => row.map(cell).join(",")).join("\n");
}
