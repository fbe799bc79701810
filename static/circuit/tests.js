// What the model does where it can't know whom it is asked about: the default tests, a press each, from the frame
// `defaults`. What came of it stands where the claim does (view.js).

import { fill, h } from "../core/dom.js";
import { DEFAULT_TESTS } from "../core/protocol.js";
import { isNameless, testOf } from "./graph.js";

const SHOWN = ["name_neutral", "name_hidden", "recognition_off"]; // the plainest question first

/** `state` has graph and test: the one that is pressed, or null. */
export function defaultTests(element, state) {
  const buttons = h("div", { class: "row wrap tight", role: "group", "aria-label": "Default tests" });
  const question = h("span", { class: "note" });
  fill(element, question, buttons);
  const off = state.on(["graph", "test"], draw);
  return () => {
    off();
    fill(element);
  };

  function draw() {
    const [graph, test] = [state.get("graph"), state.get("test")];
    const made = graph?.start && !isNameless(graph) ? SHOWN.filter((one) => testOf(graph, one)) : [];
    element.hidden = !made.length;
    const opening = graph?.start?.request.target.kind === "opening";
    fill(question, opening ? "Is refusing the default?" : "Does it take the name?");
    const held = buttons.contains(document.activeElement) && /** @type {HTMLButtonElement} */
      (document.activeElement).value;
    fill(
      buttons,
      made.map((one) =>
        h(
          "button",
          {
            type: "button",
            class: "chip",
            value: one,
            "aria-pressed": String(one === test),
            onclick: () => state.set("test", one === test ? null : one),
          },
          capital(DEFAULT_TESTS[one]),
        )
      ),
    );
    if (held) /** @type {HTMLElement} */ (buttons.querySelector(`[value="${held}"]`))?.focus();
  }
}

const capital = (words) => words.replace(/\p{L}/u, (letter) => letter.toUpperCase());
