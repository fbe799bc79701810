// What stands in the way on a page that only reads: the worker is away, or it refused. From /healthz.

import { fill, h, icon } from "../core/dom.js";
import { downWords } from "./health.js";

/** `state` has health, registry (null: nothing to show yet) and trouble (a refusal, or null). */
export function away(element, state) {
  const off = state.on(["health", "registry", "trouble"], () => {
    const [health, registry, trouble] = ["health", "registry", "trouble"].map(state.get);
    const down = health?.worker === "down";
    const waits = health && health.worker !== "ready" && !registry;
    element.hidden = !(down || waits || trouble);
    if (element.hidden) return fill(element);
    if (trouble && !down) {
      return fill(
        element,
        title(icon("warning"), "Not shown"),
        h("p", {}, `${trouble.asked} ${trouble.allowed} ${trouble.change}`),
        h("p", { class: "note" }, "This page keeps asking."),
      );
    }
    const led = h("span", { class: `led led-${health.worker}`, "aria-hidden": "true" });
    fill(
      element,
      title(led, down ? downWords(health) : "The model is loading"),
      h(
        "p",
        {},
        registry
          ? "What is on this page still works, and so do findings. This page keeps asking."
          : "The list of models comes from the worker. Findings still open; this page keeps asking.",
      ),
      h("p", { class: "note" }, health.detail),
    );
  });
  return () => {
    off();
    fill(element);
  };
}

const title = (sign, text) => h("p", { class: "row notice-title" }, sign, h("b", {}, text));
