// Takes a finding back: at once for the browser that saved it, by its delete token for everybody else.

import { deleteFinding, Refused } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { forget, tokenOf } from "../parts/saving/delete_tokens.js";

/** `dialog` asks again before anything is deleted; afterwards the page says what its link says from then on. */
export function takeBack(element, dialog, slug) {
  const own = tokenOf(slug);
  if (own) {
    fill(
      element,
      h("span", { class: "note" }, "Saved from this browser."),
      h("button", { class: "button", type: "button", onclick: () => confirm(own) }, "Take it back…"),
    );
    return;
  }
  const field = h("input", {
    id: "delete-token",
    class: "input mono",
    required: true,
    maxlength: 200,
    autocomplete: "off",
    spellcheck: "false",
  });
  fill(
    element,
    h(
      "details",
      {},
      h("summary", { class: "note" }, "I have its delete token"),
      h(
        "form",
        {
          onsubmit: (event) => {
            event.preventDefault();
            if (field.value.trim()) confirm(field.value.trim());
          },
        },
        h("label", { class: "sr", for: "delete-token" }, "Delete token"),
        h("div", { class: "row" }, field, h("button", { class: "button", type: "submit" }, "Take it back…")),
      ),
    ),
  );

  function confirm(token) {
    const problem = h("p", { class: "problem", role: "alert" });
    const button = h("button", { class: "button button-primary", type: "submit" }, "Delete it");
    fill(
      dialog,
      h(
        "form",
        { onsubmit: (event) => remove(event, token, button, problem) },
        h("h2", { id: "dialog-title" }, "Take this finding back?"),
        h(
          "p",
          {},
          "Its page and its exports are deleted, and its recording too unless another finding holds the same one. Its link says from then on that it was deleted, and when.",
        ),
        h(
          "p",
          {},
          "Forks stay: they have recordings of their own. What others downloaded stays with them. This can't be undone.",
        ),
        problem,
        h(
          "div",
          { class: "row" },
          h(
            "button",
            { class: "button push", type: "button", onclick: () => dialog.close(), autofocus: true },
            "Keep it",
          ),
          button,
        ),
      ),
    );
    dialog.showModal();
  }

  async function remove(event, token, button, problem) {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fill(problem);
    try {
      await deleteFinding(slug, token);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status !== 410) {
        fill(problem, error.message);
        button.disabled = false;
        return;
      }
    }
    forget(slug);
    location.reload();
  }
}
