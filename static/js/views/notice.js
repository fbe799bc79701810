// What stands in the way, in three parts, and what to do: worker down, refused, stopped, cut, error.
// From /healthz and the run's phase.

import { fill, h, icon } from "../lib/dom.js";
import { armsWhole } from "../lib/run.js";

/** `again` runs the prompt again. */
export function notice(element, state, again) {
  const off = state.on(["health", "run"], () => {
    const parts = message(state.get("health"), state.get("run"), again);
    element.hidden = !parts;
    if (element.dataset.says === (parts?.says ?? "")) return;
    element.dataset.says = parts?.says ?? "";
    fill(element, ...(parts?.content ?? []));
  });
  return () => {
    off();
    fill(element);
  };
}

function message(health, run, again) {
  const retry = (text) => h("button", { class: "button", type: "button", onclick: again }, text);
  if (health && health.worker !== "ready" && (!run?.start || run.phase === "done")) {
    const starting = health.worker === "starting";
    return said(
      starting ? "led-starting" : "led-down",
      starting ? "The model is loading" : "No worker answers",
      starting
        ? "Your prompt runs as soon as it is ready. This takes some seconds."
        : "Findings still open, and what is on this page still works. Running a prompt has to wait; this page keeps asking.",
      health.detail,
    );
  }
  if (!run) return null;
  const { refusal } = run;
  switch (run.phase) {
    case "refused":
      return said(
        "warning",
        "Not run",
        `${refusal.asked} ${refusal.allowed} ${refusal.change}`,
        "",
        refusal.status === 0 || refusal.status >= 429 ? retry("Try again") : null,
      );
    case "error":
      return said(
        "warning",
        "Ended early",
        `${refusal.asked} ${refusal.allowed} ${refusal.change}`,
        "What arrived stays.",
        retry("Run again"),
      );
    case "cancelled":
      return said(
        "stopped",
        "Stopped",
        run.start && armsWhole(run) === run.arms.length
          ? `All ${run.arms.length} answers are whole; the random controls are not (${run.controls.size} of ${run.arms.length - 1} strengths). Only a complete run can be shared.`
          : run.start
          ? `You stopped this run at token ${longest(run)}, with ${armsWhole(run)} of ${run.arms.length} answers whole. What arrived stays; the worker is free again.`
          : "You stopped this run before anything arrived. The worker is free again.",
        "",
        retry("Run again"),
      );
    case "cut":
      return said(
        "warning",
        "The connection was cut",
        `${armsWhole(run)} of ${run.arms.length} answers arrived whole. What arrived stays.`,
        "",
        retry("Run again"),
      );
    default:
      return null;
  }
}

const longest = (run) => Math.max(0, ...run.arms.map(({ tokens }) => tokens.length));

function said(sign, title, text, aside, ...actions) {
  const head = h(
    "p",
    { class: "row notice-title" },
    sign.startsWith("led") ? h("span", { class: `led ${sign}` }) : icon(sign),
    h("b", {}, title),
  );
  const content = [head, h("p", {}, text), aside ? h("p", { class: "note" }, aside) : "", ...actions.filter(Boolean)];
  return { says: `${sign} ${title} ${text} ${aside}`, content };
}
