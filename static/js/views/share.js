// The Share dialog: a title, a note, who finds it, and in plain words what becomes public. Then the link, and the
// token that takes it back. What was typed stays until it is saved, also when saving fails or the dialog is closed.

import { Refused, saveFinding } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { count, signed } from "../lib/format.js";
import { keep } from "../lib/mine.js";
import { directions } from "../lib/names.js";
import { claim } from "../lib/verdicts.js";
import { copyButton } from "./copy.js";

const GONE = ["unknown_finding", "deleted_finding"]; // refusals of a parent, not of the run

let draft = {}; // what was typed and not saved yet: { title, note, listed }

/** Opens the dialog for a run that is done. `seen` is the view to keep; `parent` the finding that was opened, or null. */
export function shareDialog(dialog, state, runId, seen, parent) {
  const run = state.get("run");
  const title = h("input", {
    id: "share-title",
    class: "input",
    required: true,
    maxlength: 140,
    autocomplete: "off",
    value: draft.title ?? suggestion(state),
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
      maxlength: 4000,
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
      fill(finds, whoFinds(listed.checked));
    },
  });
  const forked = parent && h("input", { type: "checkbox", checked: true });
  const finds = h("p", { class: "note", "aria-live": "polite" }, whoFinds(listed.checked));
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "button button-primary", type: "submit" }, "Make it public");
  const form = h(
    "form",
    { onsubmit: submit },
    h("h2", { id: "dialog-title" }, "Share this finding"),
    h("label", { for: "share-title" }, "Title"),
    title,
    h("label", { for: "share-note" }, "Note ", h("span", { class: "note" }, "optional")),
    note,
    h("label", { class: "check-label" }, listed, "List it in the gallery"),
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
      h("p", {}, h("b", {}, "This becomes public:")),
      h(
        "p",
        {},
        `the prompt “${run.start.request.prompt}”, ${count(run.arms.length, "answer")} with their activations and controls, your title and your note.`,
      ),
      finds,
      h(
        "p",
        { class: "note" },
        "No name and no account is kept with it. You can take it back from this browser. A run that is not shared is deleted after 24 hours.",
      ),
    ),
    problem,
    h(
      "div",
      { class: "row" },
      h("button", { class: "button push", type: "button", onclick: () => dialog.close() }, "Not now"),
      button,
    ),
  );
  fill(dialog, form);
  dialog.showModal();
  title.select();

  async function submit(event) {
    event.preventDefault();
    if (button.disabled) return;
    if (!title.value.trim()) {
      title.setCustomValidity("Give it a title.");
      title.reportValidity();
      return;
    }
    button.disabled = true;
    fill(problem);
    try {
      const saved = await saveFinding({
        run_id: runId,
        title: title.value,
        note: note.value,
        view: seen,
        listed: listed.checked,
        parent: forked?.checked ? parent : null,
      });
      draft = {};
      fill(dialog, published(saved, dialog));
      dialog.querySelector("input").select();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const gone = forked?.checked && GONE.includes(error.refusal.code);
      fill(
        problem,
        gone ? "Not saved: the finding that it was forked from is gone. Untick that line and share it without." : error.message,
      );
      button.disabled = false;
    }
  }
}

function whoFinds(listed) {
  return listed
    ? "Anyone can find it in the gallery, and anyone with the link can read it."
    : "Only who has the link finds it; search engines are asked to leave it out. Whoever has the link can read it.";
}

function published({ finding, delete_token: token }, dialog) {
  const address = new URL(`/f/${finding.slug}`, location.href).href;
  const kept = keep(finding.slug, token);
  return h(
    "div",
    { class: "form" },
    h("h2", { id: "dialog-title" }, finding.listed ? "It is public now" : "It has its link now"),
    h("p", {}, finding.title),
    copyable("share-link", "Link", address),
    copyable("share-token", "Delete token", token),
    h(
      "p",
      { class: "note" },
      kept
        ? "Shown this once. This browser keeps it, so that the finding's page can take it back; copy it if you want to delete from elsewhere."
        : "Shown this once, and this browser keeps nothing: copy it, or the finding stays.",
    ),
    h(
      "div",
      { class: "row" },
      h("button", { class: "button push", type: "button", onclick: () => dialog.close() }, "Close"),
      h("a", { class: "button button-primary", href: address }, "Open it"),
    ),
  );
}

function copyable(id, name, value) {
  const field = h("input", { id, class: "input mono", readonly: true, value, autocomplete: "off", spellcheck: "false" });
  const button = h("button", { class: "button", type: "button", "aria-label": `Copy ${name.toLowerCase()}` }, "Copy");
  return [h("label", { for: id }, name), h("div", { class: "row" }, field, copyButton(button, () => value, field))];
}

function suggestion(state) {
  const run = state.get("run");
  const steer = state.get("steer");
  const direction = directions(run, state.get("card"))[steer.sweep ?? 0];
  const name = run.start.entity.text;
  if (steer.strength === 0) return `${name}: what the model says untouched`;
  const said = claim(run, steer, direction)
    .filter(({ as }) => as !== "aside")
    .map(({ text }) => text)
    .join("")
    .trim();
  return `${name}: ${said}`
    .replace(`At ${signed(steer.strength)} `, `at ${signed(steer.strength)} ${direction.label.toLowerCase()}, `)
    .slice(0, 140)
    .replace(/\.$/, "");
}
