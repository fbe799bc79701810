// The steered answer as a phone has it: in the dock, above the slider that changes it, with how hard is pushed and what
// its control did; and the baseline in one line, for a phone so short that the baseline's own place lies behind the dock.
// From `step` and `verdict` frames.

import { fill, h, icon } from "../core/dom.js";
import { markedText } from "../run/answers/answer.js";
import { howHard, toSlider } from "../run/answers/answers.js";
import { invitation } from "../run/answers/invite.js";
import { armAt } from "../run/run.js";
import { controlTold } from "../run/verdicts.js";
import { OUTCOMES } from "../core/protocol.js";

export function steeredLine(element, state) {
  const verdict = h("b", { class: "steered-line-verdict" });
  const text = h("p", { class: "steered-line-text" });
  const told = h("p", { class: "steered-line-control" });
  const untouched = h("p", { class: "steered-line-baseline" });
  const invite = invitation(
    state,
    toSlider,
  );
  fill(element, verdict, text, told, untouched);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Steered answer");
  const off = state.on(["run", "steer", "sliders", "values", "active"], () => {
    const run = state.get("run");
    const steer = state.get("steer");
    const arm = run?.start ? armAt(run, steer) : -1;
    const answer = arm < 0 ? null : run.arms[arm];
    const outcome = answer?.verdict?.outcome;
    const pushed = arm > 0 || steer.sweep !== null;
    element.dataset.pushed = String(pushed);
    const base = run?.arms?.[0];
    const first = base?.verdict?.outcome;
    fill(untouched, base && ["Baseline ", first && [icon(first), " "], base.text]);
    verdict.className = `steered-line-verdict badge-${pushed && outcome ? outcome : "open"}`;
    fill(verdict, pushed && ["Steered ", howHard(state), outcome && [icon(outcome), OUTCOMES[outcome].badge]]);
    fill(told, pushed && arm > 0 && controlTold(run, steer, state.get("card")));
    if (!pushed) return fill(text, outcome && invite.root);
    fill(text, answer && markedText(answer, run.arms[0].text), !outcome && h("span", { class: "caret" }));
  });
  return () => {
    off();
    invite.remove();
    fill(element);
  };
}
