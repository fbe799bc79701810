// Saves a run as a finding: a title, a note, who finds it, and in plain words what becomes public. Then the link, and the
// token that takes it back. What was typed stays until it is saved. Knows no kind of run.

import { Refused, saveFinding } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";
import { keptLine, savingFields, savingFoot } from "./fields.js";
import { published } from "./published.js";

let draft = {}; // { title, note, listed } that was typed and not saved yet

/**
 * Opens the dialog. `id`: of the run; `title`: what it is called where nobody says; `what`: what becomes public, in a
 * sentence; `options`: what was chosen on the page, by name, in short texts; `claim`: what the finding will say first;
 * `parent`: slug of the finding that it was made from.
 */
export function saveDialog(dialog, { id, title: suggested, what, options = {}, claim = null, parent = null }) {
  const fields = savingFields(draft, { suggested, parent });
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "button button-primary", type: "submit" }, "Make it public");
  fill(
    dialog,
    h(
      "form",
      { onsubmit: submit },
      h("h2", { id: "dialog-title" }, "Save this finding"),
      claim && h("p", { class: "preview preview-short" }, claim),
      fields.words,
      fields.choices,
      h(
        "div",
        { class: "public" },
        h("p", {}, h("b", {}, "This becomes public: "), what),
        keptLine("saved"),
      ),
      savingFoot(dialog, problem, button),
    ),
  );
  dialog.showModal();
  fields.title.select();

  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fill(problem);
    try {
      const saved = await saveFinding({ run_id: id, view: { options }, ...fields.values() });
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
