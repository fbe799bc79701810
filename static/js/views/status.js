// The led in the header: whether a run would be answered, and by what. From /healthz and the `start` frame.

import { fill, h } from "../lib/dom.js";

export function workerStatus(element, state) {
  return state.on(["health", "run"], () => {
    const health = state.get("health");
    const model = state.get("run")?.start?.model;
    const worker = health?.worker ?? null;
    const name = worker === "ready" ? (health.model ?? model?.id) : null;
    fill(
      element,
      h("span", { class: `led led-${worker ?? "starting"}`, "aria-hidden": "true" }),
      worker === null && "asking the worker",
      worker === "ready" && [h("b", {}, name), h("span", { class: "wide" }, "ready")],
      worker === "ready" && model && h("span", { class: "wide" }, `· ${model.device} ${model.dtype}`),
      worker === "starting" && "The model is loading",
      worker === "down" && "No worker answers",
    );
    element.title = health?.detail ?? "";
  });
}
