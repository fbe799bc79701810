// What is shared from Explore: one run that holds all that is seen. What is shown between computed strengths is no run by
// itself, so there one is made first. Knows nothing about the dialog.

import { Refused } from "../core/api.js";
import { $ } from "../core/dom.js";
import { sharedRequest } from "../run/requests.js";
import { isOpen } from "../run/run.js";
import { shareDialog } from "../run/share.js";
import { isIdle, steerIn } from "../run/steering/sliders.js";

/** seen: the question as it stands; current: the run behind it, { run, id }; follow: makes the whole run. */
export function shareSeen(state, seen, { run, id }, { follow, parent }) {
  const { sliders, values, active } = seen;
  const slider = sliders[active];
  const inside = !slider || isIdle(slider, values[active]) || slider.strengths.includes(values[active]);
  const request = inside ? run.request : sharedRequest(seen);
  const view = { ...steerIn({ request }, sliders, values, active), colour: state.get("colour") };
  const whole = inside ? Promise.resolve({ id, run }) : wholeRun(follow, request);
  shareDialog($("dialog"), state, Promise.all([whole, secondRun(state)]), view, parent);
}

// The prompt beside it, once it has arrived; null where there is none, or none arrives.
function secondRun(state) {
  if (!state.get("otherPrompt")) return Promise.resolve(null);
  return new Promise((resolve) => {
    const off = state.on(["other"], () => {
      const run = state.get("other");
      if (!run || isOpen(run)) return;
      queueMicrotask(() => off());
      const view = { ...state.get("otherSteer"), colour: state.get("colour") };
      resolve(run.phase === "done" && view.sweep !== -1 ? { id: state.get("otherId"), run, view } : null);
    });
  });
}

function wholeRun(follow, request) {
  return new Promise((resolve, reject) => {
    follow.ask(request, (run, id) => {
      if (run.phase === "done") resolve({ id, run });
      else if (!isOpen(run)) reject(new Refused(0, run.refusal ?? NOT_WHOLE));
    });
  });
}

const NOT_WHOLE = {
  code: "cut",
  asked: "One run that holds all you see was asked for.",
  allowed: "It did not arrive whole.",
  change: "Try again in a moment.",
};
