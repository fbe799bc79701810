// The control, one mark per random direction of the same norm at the same place. From the `control` frame.

import { fill, h, icon } from "../lib/dom.js";
import { probability } from "../lib/format.js";
import { control, isOpen, sigmoid } from "../lib/run.js";

export function randomPushes(element, state) {
  const about = h("span", { class: "note push" });
  const marks = h("p", { class: "pushes" });
  fill(element, h("div", { class: "row" }, h("h2", {}, "Same push, random direction"), about), marks);
  const off = state.on(["run", "steer"], () => {
    const run = state.get("run");
    const steer = state.get("steer");
    const seen = run && steer.strength !== 0 ? control(run, steer) : null;
    if (!seen) {
      fill(about);
      fill(marks, h("span", { class: "note" }, waiting(run, steer)));
      return;
    }
    const { values, n, n_refusing } = seen;
    const p = values.map(sigmoid);
    fill(
      about,
      `${n_refusing} of ${n} open with a refusal · P ${probability(Math.min(...p))} to ${probability(Math.max(...p))}`,
    );
    fill(
      marks,
      h("span", { class: "sr" }, `${n_refusing} random pushes open with a refusal, ${n - n_refusing} with an answer`),
      [...values]
        .sort((a, b) => b - a)
        .map((value) =>
          h(
            "span",
            { class: value > 0 ? null : "crossed", title: `P(refusal opening) ${probability(sigmoid(value))}` },
            icon(value > 0 ? "refused" : "answered"),
          ),
        ),
    );
  });
  return () => {
    off();
    fill(element);
  };
}

function waiting(run, steer) {
  if (steer.strength === 0) return "Nothing is pushed yet, so there is nothing to compare.";
  if (run && isOpen(run)) return "The controls come after the answers.";
  return run?.start?.request.controls.n_directions === 0 ? "No control was asked for." : "Not run: no control yet.";
}
