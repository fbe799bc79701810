// The Share dialog: a title, a note, and in plain words what becomes public. Then the link.

import { Refused, saveFinding } from "../lib/api.js";
import { fill, h } from "../lib/dom.js";
import { count, signed } from "../lib/format.js";
import { directions } from "../lib/names.js";
import { claim } from "../lib/verdicts.js";

/** Opens the dialog for a run that is done. `seen` is the view to keep: { sweep, strength, colour }. */
export function shareDialog(dialog, state, runId, seen) {
  const run = state.get("run");
  const title = h("input", {
    id: "share-title",
    class: "input",
    required: true,
    maxlength: 140,
    autocomplete: "off",
    value: suggestion(state),
  });
  const note = h("textarea", {
    id: "share-note",
    class: "input",
    rows: 4,
    maxlength: 4000,
    placeholder: "What you saw, and what it does not show.",
  });
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
    h(
      "div",
      { class: "public" },
      h("p", {}, h("b", {}, "This becomes public:")),
      h(
        "p",
        {},
        `the prompt “${run.start.request.prompt}”, ${count(run.arms.length, "answer")} with their activations and controls, your title and your note.`,
      ),
      h(
        "p",
        { class: "note" },
        "Anyone with the link can read it, from the recording, without a worker. No name and no account is kept with it.",
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

  title.addEventListener("input", () => title.setCustomValidity(""));

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
      const finding = await saveFinding({ run_id: runId, title: title.value, note: note.value, view: seen });
      fill(dialog, published(finding, dialog));
      dialog.querySelector("input").select();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      fill(problem, error.message);
      button.disabled = false;
    }
  }
}

function published(finding, dialog) {
  const address = new URL(`/f/${finding.slug}`, location.href).href;
  const link = h("input", {
    class: "input mono",
    readonly: true,
    value: address,
    "aria-label": "Link",
    id: "share-link",
  });
  return h(
    "div",
    { class: "form" },
    h("h2", { id: "dialog-title" }, "It is public now"),
    h("p", {}, finding.title),
    h(
      "div",
      { class: "row" },
      link,
      copyButton(h("button", { class: "button", type: "button" }, "Copy"), () => address),
    ),
    h(
      "div",
      { class: "row" },
      h("button", { class: "button push", type: "button", onclick: () => dialog.close() }, "Close"),
      h("a", { class: "button button-primary", href: address }, "Open it"),
    ),
  );
}

/** Makes a button copy a text and say that it did. */
export function copyButton(button, text) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    let words = "Copied";
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      words = "Press Ctrl+C"; // no clipboard without https; the field beside it is selected
      document.getElementById("share-link")?.select();
    }
    button.textContent = words;
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
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
