// The Share dialog: what will be public as it will be seen, a title, a note, who finds it, and in plain words what
// becomes public and what doesn't. Then the link, and the token that takes it back. What was typed stays until it is
// saved, also when saving fails or the dialog is closed.

import { Refused, saveFinding } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { withDoors } from "../core/term.js";
import { count, probability } from "../core/format.js";
import { curvePicture } from "./curve/curve.js";
import { armAt, bandName, control, logodds, sigmoid } from "./run.js";
import { claim, headline } from "./verdicts.js";
import { badge } from "./badge.js";
import { claimParts } from "./answers/claim.js";
import { keptLine, savingFields, savingFoot } from "../parts/saving/fields.js";
import { published } from "../parts/saving/published.js";

const GONE = ["unknown_finding", "deleted_finding"]; // refusals of a parent, not of the run

let draft = {}; // what was typed and not saved yet: { title, note, listed }

/**
 * Opens the dialog. `arriving`: a promise of { id, run }, one run that holds all that is seen, which may still have to
 * be made; and of { id, run, view } of a second prompt, or null. `seen`: the view to keep. `parent`: the finding that was
 * opened, or null.
 */
export function shareDialog(dialog, state, arriving, seen, parent) {
  let id = null; // of the whole run, once it is there
  let second = null; // of the prompt beside it: its id and view
  let suggested = ""; // the title that stands there by itself
  const steer = { sweep: seen.sweep, strength: seen.strength };
  const card = state.get("card");
  const preview = h(
    "section",
    { class: "preview", "aria-label": "Preview", "aria-live": "polite" },
    h("p", { class: "note" }, "Preparing one run that holds all you see…"),
  );
  const what = h("p", {});
  const beside = h("input", { type: "checkbox", checked: true, onchange: () => drawPublic() });
  const pair = h("label", { class: "check-label", hidden: true }, beside, h("span", {}, "With the second prompt"));
  const isPair = () => Boolean(second && beside.checked);
  const kept = h("span", {});
  const fields = savingFields(draft, { suggested, parent, onlisted: (listed) => fill(finds, whoFinds(listed)) });
  const { title } = fields;
  const finds = h("p", { class: "note", "aria-live": "polite" }, whoFinds(draft.listed ?? true));
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "button button-primary", type: "submit", disabled: true }, "Make it public");
  const form = h(
    "form",
    { onsubmit: submit },
    h("h2", { id: "dialog-title" }, "Share this finding"),
    preview,
    h("div", { class: "row" }, "The curve as a picture, public or not", curvePicture(state)),
    fields.words,
    pair,
    fields.choices,
    h(
      "div",
      { class: "public" },
      h("p", {}, h("b", {}, "This becomes public:")),
      what,
      h(
        "p",
        {},
        h("b", {}, "This doesn't:"),
        kept,
        " sampled answers, a random direction's answer, and what you asked before.",
      ),
      finds,
      keptLine("shared"),
    ),
    savingFoot(dialog, problem, button),
  );
  fill(dialog, form);
  dialog.showModal();
  title.select();
  arriving.then(ready, failed);
  let drawPublic = () => {};

  function ready([{ id: runId, run }, other]) {
    id = runId;
    second = other;
    button.disabled = false;
    pair.hidden = !other;
    drawPublic = () => {
      const shown = isPair() ? [other.run, other.view] : null;
      fill(preview, ...previewOf(run, steer, card), shown && previewOf(...shown, card).slice(1));
      const prompts = [run, ...(shown ? [other.run] : [])];
      const asked = prompts.map(({ start }) => `“${start.request.prompt}”`).join(" and ");
      const n = prompts.reduce((sum, { arms }) => sum + arms.length, 0);
      const answers = `${count(n, "answer")} with their activations and controls`;
      fill(what, `the prompt${shown ? "s" : ""} ${asked}, ${answers}, your title and your note.`);
      fill(kept, !shown && state.get("otherPrompt") && " the second prompt,");
      suggest(headline(run, steer, card, shown && other.run));
    };
    drawPublic();
  }

  // A title that nobody typed says what would be public.
  function suggest(words) {
    if (title.value && title.value !== suggested) return;
    title.value = suggested = words;
    if (document.activeElement === title) title.select();
  }

  function failed(error) {
    if (!(error instanceof Refused)) throw error;
    fill(preview, h("p", { class: "problem" }, `Nothing can be shared yet. ${error.message}`));
  }

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
        run_id: id,
        view: seen,
        second: isPair() ? { run_id: second.id, view: second.view } : null,
        ...fields.values(),
      });
      draft = {};
      fill(dialog, published(saved, dialog));
      dialog.querySelector("input").select();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const gone = fields.isForked() && GONE.includes(error.refusal.code);
      fill(
        problem,
        gone
          ? "Not saved: the finding that it was forked from is gone. Untick that line and share it without."
          : error.message,
      );
      button.disabled = false;
    }
  }
}

function whoFinds(listed) {
  return listed
    ? "Anyone can find it under Findings, and anyone with the link can read it."
    : "Only who has the link finds it; search engines are asked to leave it out. Whoever has the link can read it.";
}

/** What the finding's page will show first. */
function previewOf(run, steer, card) {
  const arm = armAt(run, steer);
  const seen = steer.sweep === null ? null : control(run, steer);
  const odds = (x) => probability(sigmoid(x));
  const chance = (i) => odds(logodds(run, i));
  return [
    h("p", { class: "preview-claim" }, claimParts(claim(run, steer, card))),
    h("p", {}, h("span", { class: "note" }, "Asked "), run.start.request.prompt),
    h(
      "div",
      { class: "preview-answers" },
      previewAnswer("Baseline", run.arms[0]),
      arm > 0 && previewAnswer("Steered", run.arms[arm]),
    ),
    h(
      "p",
      { class: "note" },
      withDoors(
        [
          `P(refusal opening) ${chance(0)}${arm > 0 ? ` → ${chance(arm)}` : ""}`,
          seen &&
          ` · random, N ${seen.n}: ${odds(seen.mean)}, ${bandName(seen.n)} ${odds(seen.low)} to ${odds(seen.high)}`,
        ].filter(Boolean).join(""),
      ),
    ),
  ];
}

function previewAnswer(name, { text, verdict }) {
  return h(
    "div",
    {},
    h("p", { class: "row" }, h("b", {}, name), badge(verdict)),
    h("p", { class: "preview-text" }, text.trim() || "(nothing)"),
  );
}
