// What a dialog says once a finding has its link: where it is, and what takes it back.

import { h } from "../../core/dom.js";
import { addressOf } from "../../core/root.js";
import { copyButton } from "../copy.js";
import { keep } from "./delete_tokens.js";

/** @param {{ finding: object, delete_token: string }} saved of POST /api/findings @param {HTMLDialogElement} dialog */
export function published({ finding, delete_token: token }, dialog) {
  const address = new URL(addressOf(`/f/${finding.slug}`), location.href).href;
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
      h("a", { class: "button", href: `${address}/card.png`, download: `${finding.slug}.png` }, "Preview picture"),
      h("a", { class: "button button-primary", href: address }, "Open it"),
    ),
  );
}

function copyable(id, name, value) {
  const field = h("input", {
    id,
    class: "input mono",
    readonly: true,
    value,
    autocomplete: "off",
    spellcheck: "false",
  });
  const button = h("button", { class: "button", type: "button", "aria-label": `Copy ${name.toLowerCase()}` }, "Copy");
  return [h("label", { for: id }, name), h("div", { class: "row" }, field, copyButton(button, () => value, field))];
}
