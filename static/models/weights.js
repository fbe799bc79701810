// Weights that have to be fetched before a model can be served: the button, the licence's question, how far it is.
// From /api/models/ID/weights, which whoever runs the app may ask.

import { fetchWeights, Refused, weights } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { copyButton } from "../parts/copy.js";

const LOOK_MS = 1_000;

/** `dialog` asks for the licence; what is said meanwhile stands on the card. @param {HTMLDialogElement} dialog */
export function wantedWeights(dialog, { id, title }) {
  const said = h("div", { role: "status" });
  const button = h("button", { class: "button", type: "button", onclick: ask }, "Fetch them…");
  const wanted = h("p", { class: "row" }, h("span", {}, "Its weights are not here yet."), button);
  return h("div", {}, wanted, said);

  async function ask() {
    button.disabled = true;
    fill(said, h("p", { class: "note" }, "Asking what it takes…"));
    try {
      show(await weights(id));
    } catch (error) {
      refused(error);
    }
  }

  function show(now) {
    button.disabled = now.state === "fetching" || now.state === "here";
    if (now.state === "absent") {
      fill(said);
      return confirm(now.question);
    }
    const last = now.said.at(-1);
    if (now.state === "fetching") {
      fill(said, h("p", { class: "note" }, last ?? "Starting…"));
      return setTimeout(look, LOOK_MS);
    }
    if (now.state === "failed") {
      fill(said, h("p", { class: "problem", role: "alert" }, now.why));
      if (!said.dataset.looked) return confirm(now.question);
      button.textContent = "Go on…";
      delete said.dataset.looked;
      return;
    }
    wanted.hidden = true;
    const copy = h(
      "button",
      { class: "button button-plain", type: "button", "aria-label": `Copy ${now.serve}` },
      "Copy",
    );
    fill(
      said,
      h("p", {}, "They are here, and stay. To serve it:"),
      h("p", { class: "row" }, h("code", { class: "mono" }, now.serve), copyButton(copy, () => now.serve)),
    );
  }

  async function look() {
    if (!said.isConnected) return;
    try {
      said.dataset.looked = "yes";
      show(await weights(id));
    } catch (error) {
      refused(error);
    }
  }

  function confirm(question) {
    const form = h(
      "form",
      { onsubmit: begin },
      h("h2", { id: "dialog-title" }, `Fetch ${title}?`),
      question.split("\n").map((line) => h("p", {}, line)),
      h(
        "div",
        { class: "row" },
        h(
          "button",
          { class: "button push", type: "button", autofocus: true, onclick: () => dialog.close() },
          "Not now",
        ),
        h("button", { class: "button button-primary", type: "submit" }, "I accept the licence; fetch"),
      ),
    );
    fill(dialog, form);
    dialog.showModal();
  }

  async function begin(event) {
    event.preventDefault();
    dialog.close();
    button.disabled = true;
    try {
      show(await fetchWeights(id));
    } catch (error) {
      refused(error);
    }
  }

  function refused(error) {
    if (!(error instanceof Refused)) throw error;
    button.disabled = false;
    fill(said, h("p", { class: "problem", role: "alert" }, error.message));
  }
}
