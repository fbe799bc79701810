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
  shareDialog($("dialog"), state, inside ? Promise.resolve({ id, run }) : wholeRun(follow, request), view, parent);
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
