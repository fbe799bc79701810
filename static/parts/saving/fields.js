// What every dialog that saves a finding asks: a title, a note, who finds it, and whether to say what it was forked from.
// What was typed stays in `draft` until it is saved. Knows nothing about what is saved.

import { MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS } from "../../core/protocol.js";
import { h } from "../../core/dom.js";
import { keptFor } from "../kept.js";

/**
 * `draft`: { title, note, listed }, as far as somebody typed. `suggested`: the title where nobody did. `parent`: slug of
 * the finding that it was made from, or null; `onlisted` is told who shall find it.
 */
export function savingFields(draft, { suggested, parent, onlisted = (_listed) => {} }) {
  const title = h("input", {
    id: "share-title",
    class: "input",
    required: true,
    maxlength: MAX_TITLE_CHARACTERS,
    autocomplete: "off",
    value: draft.title ?? suggested,
    oninput: () => {
      title.setCustomValidity("");
      draft.title = title.value;
    },
  });
  const note = h(
    "textarea",
    {
      id: "share-note",
      class: "input",
      rows: 4,
      maxlength: MAX_NOTE_CHARACTERS,
      placeholder: "What you saw, and what it does not show.",
      oninput: () => (draft.note = note.value),
    },
    draft.note ?? "",
  );
  const listed = h("input", {
    type: "checkbox",
    checked: draft.listed ?? true,
    onchange: () => {
      draft.listed = listed.checked;
      onlisted(listed.checked);
    },
  });
  const forked = parent && h("input", { type: "checkbox", checked: true });
  return {
    title,
    words: [
      h("label", { for: "share-title" }, "Title"),
      title,
      h("label", { for: "share-note" }, "Note ", h("span", { class: "note" }, "optional")),
      note,
    ],
    choices: [
      h("label", { class: "check-label" }, listed, "List it under Findings"),
      forked &&
      h(
        "label",
        { class: "check-label" },
        forked,
        h("span", {}, "Say that it was forked from ", h("span", { class: "mono" }, `f/${parent}`)),
      ),
    ],
    isForked: () => Boolean(forked?.checked),
    /** As a request for a finding has them. */
    values: () => ({
      title: title.value,
      note: note.value,
      listed: listed.checked,
      parent: forked?.checked ? parent : null,
    }),
  };
}

/** `act`: what was done to the run, "shared" or "saved". */
export const keptLine = (act) =>
  h(
    "p",
    { class: "note" },
    "No name and no account is kept with it. You can take it back from this browser. ",
    `A run that is not ${act} is deleted within ${keptFor()}.`,
  );

/** The last line of the form: what went wrong, the way out, and the way on. */
export const savingFoot = (dialog, problem, button) =>
  h(
    "div",
    { class: "dialog-foot" },
    problem,
    h(
      "div",
      { class: "row" },
      h("button", { class: "button push", type: "button", onclick: () => dialog.close() }, "Not now"),
      button,
    ),
  );
