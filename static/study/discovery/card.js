// The card of a latent, in a dialog: what it writes, where it fires in the sample of text, and the way to push it. From the
// worker's frames `lens` and `firing`; a study has no prompt, so what Explore's card says of one is not here.

import { latentFacts, Refused } from "../../core/api.js";
import { fill, h, mark } from "../../core/dom.js";
import { addressOf } from "../../core/root.js";
import { channels } from "../../core/store.js";
import { writes } from "../../parts/latent/lens.js";
import { rate, snippets } from "../../parts/latent/snippets.js";
import { titled } from "../../run/names.js";
import { exploreAddress } from "../slider_link.js";

/** Opens it; closed, it forgets. @param {HTMLDialogElement} dialog @param {object} card the model's */
export function latentDialog(dialog, card, target) {
  const { role, label, short } = titled(target, null, card);
  const own = channels({ role, facts: null });
  const mine = new AbortController();
  const told = h("p", { class: "note", role: "status" }, "Reading the model’s sample of text…");
  const lens = h("div", { class: "latent-lens" });
  const where = h("div", {});
  const offs = [writes(lens, null, own), snippets(where, null, own)];
  fill(
    dialog,
    h(
      "div",
      { class: "row wrap" },
      mark(role),
      h("h2", { id: "latent-title", class: `as-${role}` }, label === short ? `Latent ${short}` : `${label} ${short}`),
      h("button", { class: "button button-plain push", type: "button", onclick: () => dialog.close() }, "Close"),
    ),
    h("p", { class: "note mono" }, `${target.dictionary} ${target.latent}`),
    told,
    lens,
    where,
    h(
      "p",
      { class: "row" },
      h(
        "a",
        { class: "button button-primary", href: addressOf(`/${exploreAddress([target], card)}`) },
        "Push it in Explore",
      ),
    ),
  );
  dialog.classList.add("latent-dialog");
  dialog.setAttribute("aria-labelledby", "latent-title");
  dialog.addEventListener("close", end, { once: true });
  dialog.showModal();
  ask();

  async function ask() {
    try {
      const facts = await latentFacts(card.id, target, mine.signal);
      fill(told, rate(facts.firing));
      own.set("facts", facts);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      fill(told, `${error.refusal.asked} ${error.refusal.allowed} ${error.refusal.change}`);
    }
  }

  function end() {
    mine.abort();
    for (const off of offs) off();
    fill(dialog);
  }
}
