// The sentence above the answers: what this push changes, and what random pushes of that size do.
// From `verdict` and `control` frames.

import { fill, h } from "../lib/dom.js";
import { directions } from "../lib/names.js";
import { armsWhole, isOpen } from "../lib/run.js";
import { claim } from "../lib/verdicts.js";

export function claimLine(element, state) {
  const spoken = h("p", { class: "sr", "aria-live": "polite" });
  const shown = h("p", {});
  fill(element, shown, spoken);
  let timer = 0;
  const off = state.on(["run", "steer", "card"], () => {
    const run = state.get("run");
    const steer = state.get("steer");
    const found = directions(run, state.get("card"));
    const parts = run ? claim(run, steer, found[steer.sweep ?? 0] ?? { role: "other" }) : [];
    fill(shown, ...parts.map(({ text, as }) => (as ? h("span", { class: `as-${as}` }, text) : text)));
    if (!parts.length) fill(shown, waiting(run));
    else if (steer.strength === 0) shown.append(hint(run, found));
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (parts.length) spoken.textContent = parts.map(({ text }) => text).join("");
    }, 400);
  });
  return () => {
    clearTimeout(timer);
    off();
    fill(element);
  };
}

function hint(run, found) {
  const role = run.arms[0].verdict.outcome === "refused" ? "known" : "unknown";
  const direction = found.find((one) => one.role === role) ?? found[0];
  if (!direction) return "";
  return h(
    "span",
    { class: "as-aside" },
    " Now push it along ",
    h("span", { class: `as-${direction.role}` }, direction.label),
    ": every answer on the slider is already here.",
  );
}

function waiting(run) {
  const text = !run
    ? "Ask about someone the model has never heard of, then raise recognition until it answers anyway."
    : isOpen(run)
      ? run.prompt
        ? `${armsWhole(run)} of ${run.arms.length} answers. The slider already scrubs what has arrived.`
        : "Reading the prompt."
      : "No answer at this strength.";
  return h("span", { class: "as-aside" }, text);
}
