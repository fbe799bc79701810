// The front door: ask, see which latents fire, push, compare, share. Owns the page's state and its address;
// everything drawn is drawn by a view from (request, frames so far).

import { health, models, newPage, Refused, startRun } from "../lib/api.js";
import { fill, h, mark } from "../lib/dom.js";
import { count } from "../lib/format.js";
import { readFragment, writeFragment } from "../lib/fragment.js";
import { directions } from "../lib/names.js";
import { ended, isOpen, lastEntity, logodds, newRun, reduce } from "../lib/run.js";
import { channels } from "../lib/store.js";
import { notice } from "../views/notice.js";
import { panels } from "../views/panels.js";
import { readout } from "../views/readout.js";
import { shareDialog } from "../views/share.js";
import { workerStatus } from "../views/status.js";

const $ = (id) => document.getElementById(id);
const AWAY = ["no_worker", "model_loading"]; // refusals that pass by themselves
const MAX_CHARACTERS = 8_000;
const PAGE = newPage(); // not kept: a tab that is duplicated must not end its twin's runs
const PATIENCE_MS = { ready: 30_000, first: 1_000, most: 15_000 };

const opened = readFragment(location.hash);
const state = channels({
  health: null,
  card: null,
  run: null,
  sweep: opened.sweep ?? 0,
  steer: { sweep: opened.sweep, strength: opened.sweep === null ? 0 : opened.strength },
  colour: opened.colour ?? 0,
  hover: null,
});
let base = opened.request; // a whole request that was handed over; it holds until another question is asked
let basePrompt = opened.prompt;
let parent = opened.parent; // the finding that was opened here; what is shared says so, whatever is asked next
let running = null; // AbortController of the open stream
let runId = null;
let wanted = true; // a run waits for the worker
let refusedSince = null; // null, "ready" or "away": what the worker has been since it refused a run for being away
let startedAt = 0;
let asking = 0; // timer of the next look at the worker
let patience = PATIENCE_MS.first;
let colourChosen = opened.colour !== null;
let turned = null; // the prompt frame that the curve was turned for
let keeping = 0; // timer of the next write to the address

workerStatus($("status"), state);
notice($("notice"), state, () => run());
panels(state);
readout($("readout"), state);

$("prompt").value = opened.prompt ?? "";
setFormat(opened.format);
state.on(["card"], drawPairs);
state.on(["run"], drawAsk);
state.on(["run"], turnToTheOther);
$("tokens").addEventListener("change", () => {
  colourChosen = true;
  keepAddress();
});
state.on(["steer", "colour"], keepAddress);
state.on(["health", "card"], startWhenReady);

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (performance.now() - startedAt < 400) return; // the second half of a double click is no wish to stop
  if (running) running.abort();
  else run();
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  run();
});
$("prompt").addEventListener("input", drawPairs);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && running && !$("dialog").open) running.abort();
});
$("share").addEventListener("click", () => {
  const { sweep, strength } = state.get("steer");
  const seen = { sweep: strength === 0 ? null : sweep, strength, colour: state.get("colour") };
  shareDialog($("dialog"), state, runId, seen, parent);
});
addEventListener("popstate", reopen);
askHealth();

/** Runs what is asked. The newest run wins; an older one is left, which frees the worker. */
async function run({ keepEntry = false } = {}) {
  const card = state.get("card");
  const prompt = $("prompt").value.trim();
  if (!prompt) {
    $("prompt").focus();
    return;
  }
  if (!card) {
    wanted = true;
    return;
  }
  if (prompt.length > MAX_CHARACTERS) {
    wanted = false;
    running?.abort();
    const refusal = {
      asked: `Prompt is ${prompt.length.toLocaleString("en")} characters.`,
      allowed: `${MAX_CHARACTERS.toLocaleString("en")} fit.`,
      change: "Shorten it.",
    };
    state.set("run", ended(newRun({ prompt, format: format(), sweeps: [], watch: [] }), "refused", refusal));
    return;
  }
  wanted = false;
  refusedSince = null;
  startedAt = performance.now();
  running?.abort();
  const mine = new AbortController();
  running = mine;
  runId = null;
  if (prompt !== basePrompt) base = null;
  const request = {
    kind: "generate",
    model: card.id,
    sweeps: card.directions.map(({ target, unit, scope, strengths }) => ({
      target,
      mode: "add",
      unit,
      scope,
      strengths,
    })),
    controls: { n_directions: 32, seed: 0 },
    max_new_tokens: 32,
    ...base,
    prompt,
    format: format(),
  };
  fitSteer(request.sweeps);
  let now = newRun(request);
  state.set("run", now);
  writeAddress(keepEntry ? "replaceState" : "pushState");

  let timer = 0;
  const show = () => {
    timer = 0;
    if (running === mine || running === null) state.set("run", now);
  };
  try {
    const { id, frames } = await startRun(request, PAGE, mine.signal);
    for await (const frame of frames) {
      now = reduce(now, frame);
      timer ||= setTimeout(show, 30);
    }
    now = ended(now, "cut");
    if (running === mine && now.phase === "done") runId = id;
  } catch (error) {
    if (error instanceof Refused) {
      now = ended(now, "refused", { ...error.refusal, status: error.status });
      if (AWAY.includes(error.refusal.code) && running === mine) refusedSince = "ready";
    } else if (mine.signal.aborted) now = ended(now, "cancelled");
    else if (error instanceof TypeError || error.name === "AbortError")
      now = ended(now, "cut"); // the network went away
    else throw error;
  } finally {
    clearTimeout(timer);
    if (running === mine) {
      running = null;
      state.set("run", now);
      if (now.phase !== "done") askHealth();
    }
  }
}

// Until the reader chooses: the tokens show the latent that fires on the name, and the curve the direction
// that should turn this answer.
function turnToTheOther() {
  const now = state.get("run");
  if (!now?.prompt || turned === now.prompt) return;
  turned = now.prompt;
  if (!colourChosen) {
    const fires = now.prompt.arms[0].activations.map((latent) => latent[lastEntity(now)]);
    state.set("colour", fires.indexOf(Math.max(...fires)));
  }
  if (state.get("steer").strength !== 0) return;
  const role = logodds(now, 0) > 0 ? "known" : "unknown";
  const sweep = directions(now, state.get("card")).findIndex((direction) => direction.role === role);
  if (sweep >= 0) state.set("sweep", sweep);
}

/** What is selected, if this request has it; else the baseline. */
function fitSteer(sweeps) {
  const { sweep, strength } = state.get("steer");
  if (state.get("sweep") >= sweeps.length) state.set("sweep", 0);
  if (strength !== 0 && !sweeps[sweep]?.strengths.includes(strength)) state.set("steer", { sweep: null, strength: 0 });
}

// The worker: asked at once, then with growing patience until it is ready.
async function askHealth() {
  clearTimeout(asking);
  try {
    const now = await health();
    state.set("health", now);
    if ((now.ready || now.model) && !state.get("card")) state.set("card", (await models())[0] ?? null);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("health", { worker: "down", ready: false, model: null, detail: error.message });
  }
  const ready = state.get("health").ready && state.get("card");
  patience = ready ? PATIENCE_MS.first : Math.min(patience * 1.5, PATIENCE_MS.most);
  asking = setTimeout(askHealth, ready ? PATIENCE_MS.ready : patience);
}

function startWhenReady() {
  const card = state.get("card");
  const ready = state.get("health")?.ready;
  if (refusedSince && !ready) refusedSince = "away";
  else if (refusedSince === "away") wanted = true;
  if (!card || !wanted) return;
  if (!$("prompt").value) {
    const unknown = card.examples[0]?.find(({ role }) => role === "unknown") ?? card.examples[0]?.[0];
    $("prompt").value = unknown?.prompt ?? "";
    drawPairs();
  }
  if (ready) run({ keepEntry: true });
}

function drawPairs() {
  const card = state.get("card");
  const typed = $("prompt").value.trim();
  fill(
    $("pairs"),
    card?.examples.map((pair) =>
      h(
        "div",
        { class: "segmented", role: "group", "aria-label": pair.map(({ name }) => name).join(" or ") },
        pair.map(({ name, role, prompt }) =>
          h(
            "button",
            {
              type: "button",
              "aria-pressed": String(prompt === typed),
              title: `${prompt} (${role})`,
              onclick: () => ask(prompt),
            },
            mark(role),
            name,
            h("span", { class: "sr" }, ` (${role})`),
          ),
        ),
      ),
    ),
  );
}

function ask(prompt) {
  $("prompt").value = prompt;
  drawPairs();
  run();
}

function drawAsk() {
  const now = state.get("run");
  const open = now && isOpen(now);
  fill(
    $("run"),
    ...(open
      ? ["Stop ", h("kbd", { "aria-hidden": "true" }, "esc")]
      : ["Run ", h("kbd", { "aria-hidden": "true" }, "↵")]),
  );
  $("share").disabled = now?.phase !== "done";
  $("share").title = now?.phase === "done" ? "Make a link that anyone can open" : "A run can be shared once it is done";
  fill(
    $("facts"),
    parent && [origin(parent), " · "],
    now?.start && `${count(now.start.tokens.length, "token")} · greedy · up to ${now.start.request.max_new_tokens} new`,
  );
}

function origin(slug) {
  const title = "What is shared from here says that it was forked from this";
  return h("a", { class: "mono", href: `/f/${slug}`, title }, `f/${slug}`);
}

// Everything you can see is in the address.
function seen() {
  const { sweep, strength } = state.get("steer");
  return {
    prompt: $("prompt").value.trim(),
    format: format(),
    sweep: strength === 0 ? null : sweep,
    strength,
    colour: colourChosen ? state.get("colour") : null,
    request: base,
    parent,
  };
}

function keepAddress() {
  clearTimeout(keeping);
  keeping = setTimeout(() => state.get("run") && writeAddress("replaceState"), 200);
}

function writeAddress(how) {
  const run = state.get("run");
  const hash = writeFragment({ ...seen(), prompt: run.request.prompt, format: run.request.format });
  if (hash !== location.hash) history[how](null, "", hash);
}

function reopen() {
  clearTimeout(keeping);
  const to = readFragment(location.hash);
  const now = state.get("run");
  base = to.request;
  basePrompt = to.prompt;
  parent = to.parent;
  colourChosen = to.colour !== null;
  if (colourChosen) state.set("colour", to.colour);
  if (to.sweep !== null) state.set("sweep", to.sweep);
  state.set("steer", { sweep: to.sweep, strength: to.sweep === null ? 0 : to.strength });
  if (to.prompt && (to.prompt !== now?.request.prompt || to.format !== now?.request.format)) {
    $("prompt").value = to.prompt;
    setFormat(to.format);
    drawPairs();
    run({ keepEntry: true });
  } else if (now) {
    fitSteer(directions(now, state.get("card")));
  }
}

function format() {
  return new FormData($("ask")).get("format");
}

function setFormat(value) {
  for (const input of $("ask").elements.format) input.checked = input.value === value;
}
