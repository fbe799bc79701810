// The led in the header: whether a run would be answered, and by what; or what this run waits for: memory, or a database
// that another program holds.
// From /healthz and the `start` and `queued` frames.

import { fill, h } from "../core/dom.js";
import { downWords, workerNow } from "../parts/health.js";
import { isOpen } from "./run.js";

export function workerStatus(element, state) {
  return state.on(["health", "run"], () => {
    const health = state.get("health");
    const run = state.get("run");
    const place = run && isOpen(run) ? run.queued : null;
    const worker = workerNow(health, run);
    const { name, place: runsOn } = servedBy(health, run);
    const held = health?.database === "busy";
    fill(
      element,
      h("span", { class: `led led-${worker ?? "starting"}`, "aria-hidden": "true" }),
      worker === null && "asking the worker",
      worker === "ready" && place &&
        h("span", {}, "Waiting", wide(" for memory"), `: place ${place}`, wide(" in the queue")),
      worker === "ready" && !place && held && h("span", {}, "Waiting for the database"),
      worker === "ready" && !place && !held && [h("b", {}, name), wide("ready")],
      worker === "ready" && !place && !held && runsOn && wide(`· ${runsOn}`),
      worker === "starting" && "The model is loading",
      worker === "down" && downWords(health),
    );
    element.title = health?.detail ?? "";
  });
}

/** What a run would be answered by, and where it runs; that is known of a run of this model alone. */
export function servedBy(health, run) {
  const model = run?.start?.model;
  const name = health?.model ?? model?.id ?? null;
  return { name, place: model && model.id === name ? `${model.device} ${model.dtype}` : "" };
}

const wide = (text) => h("span", { class: "wide" }, text);
