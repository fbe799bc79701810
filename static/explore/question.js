// The form of the question: chat or raw, the buttons, and a line of facts about what was asked. From the run and what is
// typed. Knows nothing about running it.

import { $, fill, h } from "../core/dom.js";
import { count, plain } from "../core/format.js";
import { FORMATS, MAX_PROMPT_CHARACTERS } from "../core/protocol.js";
import { addressOf } from "../core/root.js";
import { isOpen } from "../run/run.js";

export function format() {
  return new FormData($("ask")).get("format");
}

export function setFormat(value) {
  for (const input of $("ask").elements.format) input.checked = input.value === value;
}

/** Reading on by the base is offered where the model has one; what is chosen stays to be seen. */
export function offerBase(card) {
  for (const input of $("ask").elements.format) {
    if (input.value === "base") input.closest("label").hidden = !card?.base && !input.checked;
  }
}

/** Selects what is behind the last character that may be asked. */
export function shorten() {
  $("prompt").focus();
  $("prompt").setSelectionRange(MAX_PROMPT_CHARACTERS, $("prompt").value.length);
}

export const tooLong = (prompt) => ({
  code: "prompt_too_long",
  asked: `Prompt is ${prompt.length.toLocaleString("en")} characters.`,
  allowed: `${MAX_PROMPT_CHARACTERS.toLocaleString("en")} fit.`,
  change: "Shorten it.",
});

/** Whether another question stands there than the one that is shown: then the button asks it, also while one runs. */
export const isEdited = (asked) =>
  Boolean(asked && ($("prompt").value.trim() !== asked.prompt || format() !== asked.format));

/**
 * asked: { prompt, format } that the page shows, or null; parent: the finding that was opened here; recorded: whether
 * the recorded example is shown; busy: whether the worker answers.
 */
export function drawQuestion(state, { asked, parent, recorded, busy }) {
  const now = state.get("run");
  const edited = isEdited(asked);
  const open = busy && now && isOpen(now) && !edited;
  fill(
    $("run"),
    ...(open
      ? ["Stop ", h("kbd", { "aria-hidden": "true" }, "esc")]
      : ["Run ", h("kbd", { "aria-hidden": "true" }, "↵")]),
  );
  const whole = now?.phase === "done" && !recorded;
  $("share").disabled = !whole;
  $("share").title = whole ? "Make a link that anyone can open" : "A run can be shared once it is done";
  $("prompt").closest(".field").classList.toggle("edited", edited);
  fill(
    $("edited"),
    parent && [origin(parent), " "],
    edited ? editedWords($("prompt").value) : recorded && waiting(state),
  );
  $("edited").title = $("edited").textContent; // where it has no room
  fill($("facts"), !recorded && now?.start && facts(now.start));
}

export const NOTHING_ASKED = "Nothing is asked: type a question first.";

const editedWords = (prompt) =>
  prompt.trim() ? "edited: below is the last question's answer" : `${NOTHING_ASKED} Below is the last one's answer.`;

const waiting = (state) =>
  `a recorded example; ${state.get("health")?.ready ? "its run is on the way" : "the model is loading"}`;

const facts = ({ tokens, request }) =>
  `${count(tokens.length, "token")} · ${asRun(request)} · ${chosen(request)} · up to ${request.max_new_tokens} new`;

const chosen = ({ sampling }) => sampling?.temperature ? `drawn at T = ${plain(sampling.temperature)}` : "greedy";

/** What was run, not what is chosen for the next. */
const asRun = ({ format }) => FORMATS[format ?? "chat"].name.toLowerCase();

function origin(slug) {
  const title = "What is shared from here says that it was forked from this";
  return h("a", { class: "mono", href: addressOf(`/f/${slug}`), title }, `f/${slug}`);
}
