// From an answer to why it came: the link to Circuit with the prompt, one beside it, and all that is pushed. The second
// prompt is the one that is there, else the example of the same kind whose name is known where this one's isn't.

import { writeCircuit } from "../../parts/circuit_address.js";
import { addressOf } from "../../core/root.js";
import { pushing, steeringOf } from "../../run/steering/sliders.js";

/** @param {HTMLAnchorElement} link @param {any} state @param {() => any} seen what is asked, with all that is chosen */
export function whyLink(link, state, seen) {
  /** @type {NodeListOf<HTMLAnchorElement>} the pages' ways to Circuit: they keep what is asked too */
  const others = document.querySelectorAll(`.top nav a[href="${addressOf("/circuit")}"]`);
  return state.on(["run", "typed", "card", "otherPrompt", "values", "sliders", "span", "otherSpan"], () => {
    const asked = typedNow(seen(), state.get("typed"));
    link.hidden = !asked.prompt;
    if (link.hidden) return;
    const request = circuitOf(asked, state.get("otherPrompt"), state.get("otherSpan"));
    link.href = addressOf(`/circuit${writeCircuit(request, { about: aboutOf(request, asked.prompt) })}`);
    for (const other of others) other.href = link.href;
  });
}

/** What is asked, with the prompt as it is typed by now: a name that was marked in another is not one of it. */
export function typedNow(asked, typed) {
  const prompt = typed?.trim();
  return !prompt || prompt === asked.prompt ? asked : { ...asked, prompt, span: null };
}

/** The side that the question is about, where it has two. @returns {"a"|"b"|null} */
export const aboutOf = ({ prompt, beside }, asked) => beside ? (prompt === asked ? "a" : "b") : null;

/** The request of a circuit, as far as an address says it. The first prompt is the known name's where one is. */
export function circuitOf({ card, prompt, format, span, sliders, values }, other, otherSpan) {
  const hold = pushing(sliders, values).map((one) => ({ ...steeringOf(one), strength: one.strength }));
  const own = { prompt, entity: span };
  const group = (card?.examples ?? []).find((examples) => examples.some((one) => one.prompt === prompt));
  const me = group?.find((one) => one.prompt === prompt);
  const partner = group?.find(({ role, story }) => (story ?? role) === (me.role === "known" ? "unknown" : "known"));
  const beside = other ? { prompt: other, entity: otherSpan } : partner ? { prompt: partner.prompt } : null;
  const first = beside && !other && me.role !== "known" ? { ...beside, beside: own } : { ...own, beside };
  return { ...first, format, hold };
}
