// Which name a prompt was read as asking about, why, and what else it could be: a line where there is something to say,
// and a press takes another reading. From `start` (entity). Writes the channel `span`.

import { fill, h } from "../../core/dom.js";
import { FOUND } from "../../core/protocol.js";
import { door } from "../../core/term.js";

/**
 * @typedef {{ text: string, why: string, span: {start: number, end: number} }} Offer
 * said: what was read, as the world spells it, and why; offers: what else it could be; marked: whether a reader marked
 * the name
 */

/** Null where one reading is plain: found as it is spelled, and nothing else it could be. */
export function readingOf(start, { span = null, marking = false } = {}) {
  const entity = start?.entity;
  if (!entity) return null;
  const { text, found, called = null, others = [] } = entity;
  const spelled = called !== null && called !== text ? called : null;
  if (!others.length && !spelled && !(span && found === "given") && !marking) return null;
  const prompt = start.request?.prompt ?? "";
  const offered = others.filter((one) => one.text === text).map((one) => one.span.start);
  const left = startsOf(prompt, text).filter((at) => !offered.includes(at));
  const own = offered.length && left.length === 1 ? occurrence(prompt, text, left[0]) : "";
  return {
    said: found === "whole_prompt"
      ? FOUND.whole_prompt
      : `“${spelled ?? text}”${own}: ${FOUND[found]}${spelled ? OTHERWISE : ""}`,
    offers: others.map((one) => ({
      text: `${one.text}${occurrence(prompt, one.text, one.span.start)}`,
      why: FOUND[one.found],
      span: one.span,
    })),
    marked: span !== null && found === "given",
  };
}

const OTHERWISE = ", spelled otherwise than taught"; // explore/outside.js says what that means, and asks the taught one

// ", no. 2 of 2" behind a name that stands in the prompt more than once; else "". at: its first character.
function occurrence(prompt, text, at) {
  const starts = startsOf(prompt, text);
  const place = starts.indexOf(at);
  return starts.length > 1 && place >= 0 ? `, no. ${place + 1} of ${starts.length}` : "";
}

// In characters as the protocol counts them.
function startsOf(prompt, text) {
  const found = [];
  for (let at = prompt.indexOf(text); at >= 0; at = prompt.indexOf(text, at + 1)) {
    found.push([...prompt.slice(0, at)].length);
  }
  return found;
}

export function nameReading(element, state) {
  element.classList.add("reading");
  element.setAttribute("role", "status");
  element.hidden = true; // it takes no room before it has something to say
  const off = state.on(["run", "span", "live", "tool"], () => {
    const start = state.get("run")?.start;
    if (!start) return; // a run begins: what was said still holds
    const asked = { span: state.get("span"), marking: state.get("tool") === "name" };
    const reading = state.get("live") ? readingOf(start, asked) : null;
    element.hidden = !reading;
    fill(element, reading && line(reading));
  });
  return () => {
    off();
    fill(element);
  };

  function line({ said, offers, marked }) {
    return [
      h(
        "span",
        {},
        door("entity", "Read as"),
        " ",
        said,
        ".",
      ),
      offers.length > 0 && h("span", {}, "Or is it"),
      offers.map(({ text, why, span }) =>
        h(
          "button",
          { class: "button", type: "button", title: `Read “${text}” instead`, onclick: () => state.set("span", span) },
          h("b", {}, text),
          h("span", { class: "reading-why" }, why),
        )
      ),
      marked &&
      h("button", { class: "button", type: "button", onclick: () => state.set("span", null) }, "Let it find the name"),
    ];
  }
}
