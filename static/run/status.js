// The led in the header: whether a run would be answered, and by what; or that this run waits for memory.
// From /healthz and the `start` and `queued` frames.

import { fill, h } from "../core/dom.js";
import { downWords, workerNow } from "../parts/worker_words.js";
import { isOpen } from "./run.js";

export function workerStatus(element, state) {
  return state.on(["health", "run"], () => {
    const health = state.get("health");
    const run = state.get("run");
    const model = run?.start?.model;
    const place = run && isOpen(run) ? run.queued : null;
    const worker = workerNow(health, run);
    const name = worker === "ready" ? (health?.model ?? model?.id) : null;
    fill(
      element,
      h("span", { class: `led led-${worker ?? "starting"}`, "aria-hidden": "true" }),
      worker === null && "asking the worker",
      worker === "ready" && place &&
        h("span", {}, "Waiting", wide(" for memory"), `: place ${place}`, wide(" in the queue")),
      worker === "ready" && !place && [h("b", {}, name), wide("ready")],
      worker === "ready" && !place && model && wide(`· ${model.device} ${model.dtype}`),
      worker === "starting" && "The model is loading",
      worker === "down" && downWords(health),
    );
    element.title = health?.detail ?? "";
  });
}

const wide = (text) => h("span", { class: "wide" }, text);
