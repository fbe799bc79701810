// Saves a run as a finding: a title, a note, who finds it, and in plain words what becomes public. Then the link, and the
// token that takes it back. What was typed stays until it is saved. Knows no kind of run.

import { Refused, saveFinding } from "../../core/api.js";
import { MAX_NOTE_CHARACTERS, MAX_TITLE_CHARACTERS } from "../../core/protocol.js";
import { fill, h } from "../../core/dom.js";
import { keptFor } from "../kept.js";
import { published } from "./published.js";

let draft = {}; // { title, note, listed } that was typed and not saved yet

/**
 * Opens the dialog. `id`: of the run; `title`: what it is called where nobody says; `what`: what becomes public, in a
 * sentence; `options`: what was chosen on the page, by name, in short texts; `claim`: what the finding will say first;
 * `parent`: slug of the finding that it was made from.
 */
export function saveDialog(dialog, { id, title: suggested, what, options = {}, claim = null, parent = null }) {
  const title = h("input", {
    id: "share-title",
    class: "input",
    required: true,
    maxlength: MAX_TITLE_CHARACTERS,
    autocomplete: "off",
    value: draft.title ?? suggested,
    oninput: () => (draft.title = title.value),
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
    onchange: () => (draft.listed = listed.checked),
  });
  const forked = parent && h("input", { type: "checkbox", checked: true });
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "button button-primary", type: "submit" }, "Make it public");
  fill(
    dialog,
    h(
      "form",
      { onsubmit: submit },
      h("h2", { id: "dialog-title" }, "Save this finding"),
      claim && h("p", { class: "preview preview-short" }, claim),
      h("label", { for: "share-title" }, "Title"),
      title,
      h("label", { for: "share-note" }, "Note ", h("span", { class: "note" }, "optional")),
      note,
      h("label", { class: "check-label" }, listed, "List it under Findings"),
      forked &&
        h(
          "label",
          { class: "check-label" },
          forked,
          h("span", {}, "Say that it was forked from ", h("span", { class: "mono" }, `f/${parent}`)),
        ),
      h(
        "div",
        { class: "public" },
        h("p", {}, h("b", {}, "This becomes public: "), what),
        h(
          "p",
          { class: "note" },
          `No name and no account is kept with it. You can take it back from this browser. A run that is not saved is deleted within ${keptFor()}.`,
        ),
      ),
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
      ),
    ),
  );
  dialog.showModal();
  title.select();

  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fill(problem);
    try {
      const saved = await saveFinding({
        run_id: id,
        title: title.value,
        note: note.value,
        view: { options },
        listed: listed.checked,
        parent: forked?.checked ? parent : null,
      });
      draft = {};
      fill(dialog, published(saved, dialog));
      dialog.querySelector("input").select();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fill(problem, error.message);
      button.disabled = false;
    }
  }
}
