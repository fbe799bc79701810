// The steered answer as a phone has it: in the dock, above the slider that changes it; and the baseline in one line, for a
// phone so short that the baseline's own place lies behind the dock. From `step` and `verdict` frames.

import { fill, h, icon } from "../core/dom.js";
import { markedText } from "../run/answers/answer.js";
import { toSlider } from "../run/answers/answers.js";
import { invitation } from "../run/answers/invite.js";
import { armAt } from "../run/run.js";
import { OUTCOMES } from "../core/protocol.js";

export function steeredLine(element, state) {
  const verdict = h("b", { class: "steered-line-verdict" });
  const text = h("p", { class: "steered-line-text" });
  const untouched = h("p", { class: "steered-line-baseline" });
  const invite = invitation(
    state,
    toSlider,
  );
  fill(element, verdict, text, untouched);
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Steered answer");
  const off = state.on(["run", "steer"], () => {
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
    fill(verdict, pushed && outcome && [icon(outcome), OUTCOMES[outcome].badge]);
    if (!pushed) return fill(text, outcome && invite.root);
    fill(text, answer && markedText(answer, run.arms[0].text), !outcome && h("span", { class: "caret" }));
  });
  return () => {
    off();
    invite.remove();
    fill(element);
  };
}
