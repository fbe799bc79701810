// A few sentences on how a page works, for who asks: one at a time, beside what it speaks of. Knows no page.

import { fill, h, listen } from "../core/dom.js";
import { keyOf } from "../core/keys.js";

/**
 * `again` is the button that starts it; `steps()` as they are now, each with the id of what it speaks of.
 * @param {() => { at: string, title: string, text: string }[]} steps
 * @returns {{ show: (step: number) => void, hide: () => void }}
 */
export function stepsTour(element, again, steps) {
  again.addEventListener("click", () => show(0));
  listen(document, "keydown", (event) => {
    if (!element.hidden && keyOf(event) === "Escape") finish();
  });
  hide();
  return { show, hide };

  function show(step) {
    const all = steps();
    const { at: id, title, text } = all[step];
    for (const one of document.querySelectorAll(".toured")) one.classList.remove("toured");
    const of = document.getElementById(id);
    of?.classList.add("toured");
    const last = step === all.length - 1;
    fill(
      element,
      h("p", { class: "tour-text" }, h("b", {}, `${step + 1} of ${all.length} · ${title} `), text),
      h(
        "span",
        { class: "row tight" },
        h(
          "button",
          { class: "button", type: "button", onclick: () => (last ? finish() : show(step + 1)) },
          last ? "Done" : "Next",
        ),
        !last && h("button", { class: "button button-plain", type: "button", onclick: finish }, "Skip"),
      ),
    );
    element.hidden = false;
    again.hidden = true;
    of?.scrollIntoView({ block: matchMedia("(max-width: 960px)").matches ? "start" : "nearest" });
  }

  function finish() {
    hide();
    again.focus();
  }

  function hide() {
    for (const one of document.querySelectorAll(".toured")) one.classList.remove("toured");
    fill(element);
    element.hidden = true;
    again.hidden = false;
  }
}
