// What stands where a steered answer will, while nothing is pushed: which slider is worth a push, and a press that does
// it. From the verdicts so far.

import { fill, h, icon, mark } from "../../core/dom.js";
import { points } from "../run.js";
import { modeOf } from "../steering/amount.js";
import { choose, sweepOf } from "../steering/sliders.js";

/**
 * The slider that should turn this answer, and the least push of it that does; where none does, its longest. Forwards,
 * unless it only goes back from where it changes nothing.
 * @returns {{ index: number, strength: number, turns: boolean }|null} null before the baseline's verdict, and without
 * a slider that pushes
 */
export function worthPushing(run, sliders) {
  const base = run?.arms?.[0]?.verdict;
  if (!base || !sliders.length) return null;
  const role = base.outcome === "refused" ? "known" : "unknown";
  const index = Math.max(0, sliders.findIndex((slider) => slider.role === role));
  const slider = sliders[index];
  const idle = modeOf(slider).idle ?? 0;
  const sweep = sweepOf(run, slider);
  const all = sweep < 0 ? slider.strengths.map((strength) => ({ strength, arm: -1 })) : points(run, sweep);
  const pushes = all
    .filter(({ strength }) => strength !== idle)
    .sort((a, b) => Math.abs(a.strength - idle) - Math.abs(b.strength - idle));
  const ahead = pushes.filter(({ strength }) => strength > idle);
  const tried = ahead.length ? ahead : pushes;
  if (!tried.length) return null;
  const turns = tried.find(({ arm }) => run.arms[arm]?.verdict && run.arms[arm].verdict.outcome !== base.outcome);
  return { index, strength: (turns ?? tried.at(-1)).strength, turns: Boolean(turns) };
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
