// Three sentences on how this works, for who asks: each beside what it speaks of.

import { fill, h } from "../core/dom.js";

const STEPS = [
  {
    at: "tokens",
    title: "The model does not know this name.",
    text:
      "Each token is tinted by how strongly an “unknown entity” latent fires on it. Nobody told it which latent that is.",
  },
  {
    at: "sliders",
    title: "Push “Known entity” to the right.",
    text: "Every answer on the slider is computed already. Somewhere the refusal turns into a made-up fact.",
  },
  {
    at: "pushes",
    title: "Is it the direction, or any push?",
    text: "The same push along random directions: the control beside every effect. Then share what you found.",
  },
];

/** A push of a slider leads on to the last step. `again` is the button that starts it. */
export function tour(element, state, again) {
  again.addEventListener("click", () => show(0));
  hide();

  state.on(["values"], () => {
    if (!element.hidden && state.get("values").some((value) => value !== null)) show(STEPS.length - 1);
  });

  function show(step) {
    const { at: id, title, text } = STEPS[step];
    for (const one of document.querySelectorAll(".toured")) one.classList.remove("toured");
    document.getElementById(id)?.classList.add("toured");
    const last = step === STEPS.length - 1;
    fill(
      element,
      h("p", { class: "tour-text" }, h("b", {}, `${step + 1} of ${STEPS.length} · ${title} `), text),
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
