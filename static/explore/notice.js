// What stands in the way, in three parts, and a button that does what helps: worker loading or down, waiting for
// memory, refused, stopped, lost, cut. From /healthz and the run's phase. It lies over the claim, so nothing moves.

import { fill, h, icon, listen } from "../core/dom.js";
import { addressOf } from "../core/root.js";
import { downWords } from "../parts/health.js";
import { armsWhole, isOpen } from "../run/run.js";

const ENDED_BY = { worker_lost: "The worker was lost", worker_silent: "The worker did not answer in time" };

/**
 * `again` runs the prompt again. `stop` leaves the queue and `shorten` goes to the part of the prompt that is too long;
 * without them there is no such button.
 */
export function notice(element, state, again, { stop = null, shorten = null } = {}) {
  const act = {
    again: (words) => button(words, again),
    stop: stop && button("Stop waiting", stop),
    shorten: shorten && button("Shorten the prompt", shorten),
  };
  let closed = ""; // what was read and closed; said again when something else was in between
  const draw = () => {
    const found = message(state, act);
    const words = found?.actions.map((action) => action?.textContent) ?? [];
    const says = found ? [found.title, found.text, found.aside, ...words].join(" ") : "";
    if (!says) closed = "";
    element.hidden = !says || says === closed;
    if (element.dataset.says === says) return;
    element.dataset.says = says;
    fill(element, found && content(found, () => (closed = says) && draw()));
  };
  const offs = [
    state.on(["health", "run", "typed"], draw),
    listen(globalThis, "offline", draw),
    listen(globalThis, "online", () => {
      if (isCut(state.get("run"))) again();
      else draw();
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };
}

const isCut = (run) => run?.phase === "cut" || (run?.phase === "refused" && run.refusal.status === 0);

/** @returns {{ sign: string, title: string, text: string, aside?: string, actions: (Node|null)[] }|null} */
function message(state, act) {
  const [health, run] = [state.get("health"), state.get("run")];
  const said = (sign, title, text, ...actions) => ({ sign, title, text, actions });
  if (health && health.worker !== "ready" && (!run?.start || run.phase === "done")) {
    if (health.worker !== "starting") {
      const works = "Findings still open, and what is on this page still works.";
      const text = `${works} Running a prompt has to wait; this page keeps asking.`;
      const found = said("led-down", downWords(health), text, findings(), act.again("Try again"));
      return { ...found, aside: health.detail };
    }
    // With an answer to look at, the line above the prompt says it.
    if (!run?.start || state.get("typed")?.trim() !== run.request.prompt) {
      const text = "Your prompt runs as soon as it is ready; findings open at once.";
      return { ...said("led-starting", "The model is loading", text, findings()), aside: health.detail };
    }
  }
  if (!run) return null;
  if (isOpen(run)) {
    if (!run.queued) return null;
    const text = `Your prompt is at place ${run.queued} in the queue, and starts by itself.`;
    return said("led-starting", "Waiting for memory", text, act.stop);
  }
  if (isCut(run)) return cut(run, act);
  const { refusal } = run;
  const parts = refusal && `${refusal.asked} ${refusal.allowed} ${refusal.change}`;
  switch (run.phase) {
    case "refused": {
      const passes = refusal.status >= 429; // busy, full, loading: the same request may do later
      if (state.get("typed")?.trim() === "") return null; // what it speaks of is gone
      const action = refusal.code === "prompt_too_long" ? act.shorten : passes && act.again("Try again");
      return said("warning", "Not run", parts, action);
    }
    case "error": {
      const title = ENDED_BY[refusal.code] ?? "Ended early";
      return said("warning", title, `${parts} What arrived stays.`, act.again("Run again"));
    }
    case "cancelled":
      return said("stopped", "Stopped", stopped(run), act.again("Run again"));
    default:
      return null;
  }
}

function cut(run, act) {
  const arrived = run.start
    ? `${armsWhole(run)} of ${run.arms.length} answers arrived whole. What arrived stays.`
    : "Nothing arrived yet.";
  const next = navigator.onLine ? "" : " This browser is offline; it runs again when the network is back.";
  return { sign: "warning", title: "The connection was cut", text: arrived + next, actions: [act.again("Run again")] };
}

/** Another reader of the same run may have pressed Stop, and others may wait for the worker. */
export function stopped(run) {
  if (!run.start) return "This run was stopped before anything arrived, and computes no more.";
  const n = run.arms.length;
  if (armsWhole(run) === n) {
    const wanted = run.request.controls?.n_directions === 0
      ? 0
      : run.start.arms.filter(({ sweep }) => sweep !== null).length;
    const missing = run.controls.size < wanted;
    const controls = missing ? `; the random controls are not (${run.controls.size} of ${wanted} strengths)` : "";
    return `All ${n} answers are whole${controls}. Only a complete run can be shared.`;
  }
  const longest = Math.max(0, ...run.arms.map(({ tokens }) => tokens.length));
  const whole = `${armsWhole(run)} of ${n} answers whole`;
  return `This run was stopped at token ${longest}, with ${whole}. What arrived stays; it computes no more.`;
}

/** @param {{ sign: string, title: string, text: string, aside?: string, actions: (Node|null)[] }} said */
function content({ sign, title, text, aside, actions }, close) {
  return [
    sign.startsWith("led") ? h("span", { class: `led ${sign}`, "aria-hidden": "true" }) : icon(sign),
    h(
      "div",
      {},
      h("p", {}, h("b", {}, title, ". "), text),
      aside && h("p", { class: "note" }, aside),
    ),
    h("div", { class: "row notice-actions" }, actions),
    h(
      "button",
      { class: "button button-small", type: "button", "aria-label": "Close this message", onclick: close },
      "✕",
    ),
  ];
}

const button = (words, onclick) => h("button", { class: "button", type: "button", onclick: () => onclick() }, words);

const findings = () => h("a", { class: "button", href: addressOf("/findings") }, "Browse findings");
