// What stands where a steered answer will, while nothing is pushed: which slider is worth a push, and a press that does
// it. From the verdicts so far.

import { fill, h, icon, mark } from "../../core/dom.js";
import { points } from "../run.js";
import { choose, sweepOf } from "../steering/sliders.js";

/**
 * The slider that should turn this answer, and the least push of it that does; where none does, its longest.
 * @returns {{ index: number, strength: number, turns: boolean }|null} null before the baseline's verdict, and without sliders
 */
export function worthPushing(run, sliders) {
  const base = run?.arms?.[0]?.verdict;
  if (!base || !sliders.length) return null;
  const role = base.outcome === "refused" ? "known" : "unknown";
  const index = Math.max(0, sliders.findIndex((slider) => slider.role === role));
  const tried = points(run, sweepOf(run, sliders[index])).filter(({ strength }) => strength > 0);
  const turns = tried.find(({ arm }) => run.arms[arm].verdict && run.arms[arm].verdict.outcome !== base.outcome);
  const strength = (turns ?? tried.at(-1))?.strength ?? Math.max(...sliders[index].strengths);
  return { index, strength, turns: Boolean(turns) };
}

/** `pushed()` is called after a press: what was pressed goes. @returns {{ root: HTMLElement, remove: () => void }} */
export function invitation(state, pushed) {
  const name = h("span", {});
  const button = h("button", { type: "button", class: "button invite", onclick: press }, name, icon("answered"));
  const root = h("span", { class: "inviting" }, button, h("span", { class: "note" }, "or drag its slider"));
  let next = null;
  let drawn = "";
  const off = state.on(["run", "sliders"], () => {
    const sliders = state.get("sliders") ?? [];
    next = worthPushing(state.get("run"), sliders);
    root.hidden = !next;
    const { role, label } = sliders[next?.index] ?? {};
    if (!next || drawn === (drawn = `${role} ${label}`)) return;
    fill(name, "Push ", mark(role), " ", h("b", { class: `as-${role}` }, label));
  });
  return { root, remove: off };

  function press() {
    if (!next) return;
    choose(state, next.index, next.strength);
    pushed();
  }
}
