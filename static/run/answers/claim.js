// The sentence above the answers: what this push changes, and what random pushes of that size do.
// From `verdict` and `control` frames.

import { fill, h } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { armAt, armsWhole, idleArm, isOpen } from "../run.js";
import { activate, isIdle } from "../steering/sliders.js";
import { claim } from "../verdicts.js";

export function claimLine(element, state) {
  const spoken = h("p", { class: "sr", "aria-live": "polite" });
  const shown = h("p", {});
  fill(element, shown, spoken);
  let timer = 0;
  const off = state.on(["run", "steer", "card"], () => {
    const run = state.get("run");
    const steer = state.get("steer");
    const parts = run ? claim(run, steer, state.get("card")) : [];
    fill(shown, claimParts(parts));
    if (!parts.length) fill(shown, h("span", { class: "as-aside" }, waiting(run, steer, state.get("live"))));
    else if (steer.sweep === null && idleArm(run) && state.get("live")) shown.append(" ", toHeld(state));
    clearTimeout(timer);
    timer = setTimeout(() => {
      const text = parts.map((part) => part.text).join("");
      if (spoken.textContent !== text) spoken.textContent = text; // and none, where nothing is claimed any more
    }, 400);
  });
  return () => {
    clearTimeout(timer);
    off();
    fill(element);
  };
}

/** The parts of a claim, each in the colour of what it speaks of. */
export const claimParts = (parts) =>
  parts.map(({ text, as }) => (as ? h("span", { class: `as-${as}` }, withDoors(text)) : withDoors(text)));

// Where the slider that was touched last rests and another is held: the way to that one's control.
function toHeld(state) {
  const values = state.get("values");
  const at = state.get("sliders").findIndex((slider, i) => !isIdle(slider, values[i]));
  if (at < 0) return "";
  const words = `Compare ${state.get("sliders")[at].label} with random pushes`;
  return h("button", { type: "button", class: "link", onclick: () => activate(state, at) }, words);
}

function waiting(run, steer, live) {
  if (!run) return "Ask about someone the model has never heard of, then raise recognition until it answers anyway.";
  if (isOpen(run)) {
    if (run.queued) return "Waiting for memory.";
    if (!run.prompt) return "Reading the prompt.";
    const whole = armsWhole(run);
    return `${whole} of ${run.arms.length} answers.${whole ? " The slider already scrubs what has arrived." : ""}`;
  }
  const here = run.start ? armAt(run, steer) >= 0 : false;
  if (run.phase === "done" && live) {
    return here ? "The answer at this strength is being written." : "This strength is asked for.";
  }
  return here ? "No whole answer at this strength." : "No answer at this strength: it was not run.";
}
