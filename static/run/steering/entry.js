// A number that is pressed to be typed: a button, and in its place a field while one types. Enter takes what was
// typed, Escape leaves it. Knows bounds and what to say of a wrong number; not what the number is for.

import { h } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";

/**
 * name: what is typed, for who does not see it · read(): the number now, or null · bounds(): [lowest, highest]
 * accept(number) · tell(sentence): what is wrong, "" for nothing; `describedby` is the id of where it is told
 */
export function entry({ name, read, bounds, accept, tell, describedby }) {
  const shown = h("span", {});
  const button = h(
    "button",
    { type: "button", class: "number", title: "Type a strength", onclick: () => open(button) },
    shown,
    h("span", { class: "sr" }, `, ${name}: type a strength`),
  );
  const root = h("span", {}, button);
  return { root, open, show: (text) => shown.textContent === text || (shown.textContent = text) };

  /** `back` gets the focus when it is done. */
  function open(back) {
    const [least, most] = bounds();
    const old = read();
    const field = h("input", {
      type: "number",
      step: "any",
      class: "typed",
      "aria-label": `${name}, strength from ${bound(least)} to ${bound(most)}`,
      "aria-describedby": describedby,
      value: old,
      oninput: () => say(null),
      onkeydown: key,
      onblur: () => close(null),
    });
    const allowed = `${bound(least)} to ${bound(most)} can be asked for. Type another, or press Escape.`;
    let closed = false;
    button.hidden = true;
    root.append(field);
    field.focus();
    field.select();

    function key(event) {
      if (keyOf(event) === "Escape") {
        event.stopPropagation(); // on the page it stops a run
        field.value = old ?? "";
        close(back);
      } else if (keyOf(event) === "Enter") {
        event.preventDefault();
        if (problem()) say(problem());
        else close(back);
      }
    }

    // Takes what was typed, if it makes sense: leaving the field is not losing it.
    function close(focused) {
      if (closed) return; // a field that is removed loses its focus too
      closed = true;
      const typed = problem() ? old : field.valueAsNumber;
      say(null);
      button.hidden = false;
      field.remove();
      focused?.focus();
      if (typed !== old) accept(typed);
    }

    function problem() {
      if (Number.isNaN(field.valueAsNumber)) return `That is no number. ${allowed}`;
      if (field.valueAsNumber < least || field.valueAsNumber > most) return `That is out of bounds. ${allowed}`;
      return null;
    }

    function say(sentence) {
      field.setAttribute("aria-invalid", String(Boolean(sentence)));
      tell(sentence ?? "");
    }
  }
}

const bound = (x) => x.toLocaleString("en").replace("-", "\u2212");
