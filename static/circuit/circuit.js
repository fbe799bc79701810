// Circuit: why it refuses, why it answers, and how far the drawing can be trusted. Owns the question, the run and the
// address; what is drawn is view.js', from (request, frames so far). A cold visit draws what was recorded.

import { newPage, recordedFrames, Refused } from "../core/api.js";
import { $, fill, h, icon } from "../core/dom.js";
import { channels } from "../core/store.js";
import { watchWorker } from "../parts/health.js";
import { mount } from "../parts/mount.js";
import { saveDialog } from "../parts/saving/dialog.js";
import { follower } from "../run/follow.js";
import { ended } from "../run/run.js";
import { workerStatus } from "../run/status.js";
import { readCircuit, sameQuestion, writeCircuit } from "../parts/circuit_address.js";
import { circuitClaim, circuitTitle } from "./claim.js";
import { circuitForm, requestOf } from "./question/form.js";
import { isUp, newGraph, reduceGraph, sidesOf } from "./graph.js";
import { namesBeside } from "./columns/alone.js";
import { circuitTour } from "./tour.js";
import { CIRCUIT_CHANNELS, circuitView } from "./view.js";

const REST_MS = 200;
const ENDED = { cut: "The connection was cut.", cancelled: "It was stopped." };
const ADDRESSED = ["about", "select", "side", "x", "test", "view", "least", "pins"];

let opened = readCircuit(location.hash);
const state = channels({
  ...CIRCUIT_CHANNELS,
  ...opened.chosen,
  health: null,
  card: null,
  run: null,
  opened: opened.request,
});
const follow = follower(`${newPage()}-circuit`, { fresh: newGraph, fold: reduceGraph });
let base = opened.request; // what the fields don't say is taken from it
let asked = null; // the request of the run that is shown; null: the recording that is there by itself
let runId = null;
let wanted = false; // a run waits for the worker
let saving = false; // what is recorded runs here first
let timer = 0;
const parent = opened.parent;

workerStatus($("status"), state);
mount(circuitForm, $("ask"), state, () => run());
circuitView(state);
const tour = circuitTour($("tour"), state, $("tour-again"));
state.on(["graph"], () => state.set("run", state.get("graph")));
state.on(["graph", "run", "health", "card"], stand);
state.on(["graph", "card"], offer);
state.on(["health", "card"], () => wanted && run());
state.on(ADDRESSED, () => {
  clearTimeout(timer);
  timer = setTimeout(() => write("replaceState"), REST_MS);
});
addEventListener("popstate", reopen);
$("save").addEventListener("click", save);
watchWorker(state, { waits: () => follow.busy() });
openRecording();

// ---- the run

function run({ keep = false } = {}) {
  saving = keep;
  const card = state.get("card");
  const ready = state.get("health")?.ready;
  const [prompt, beside] = [$("prompt"), $("beside")];
  if (!prompt.value.trim()) [prompt.value, beside.value] = [beside.value, ""]; // one prompt alone is the first
  if (!prompt.value.trim()) {
    $("prompt").focus();
    return say([h("p", {}, "No prompt yet. Write one, or press an example.")]);
  }
  tour.hide();
  wanted = !(card && ready);
  if (wanted) return stand();
  const request = requestOf($("ask"), card, base);
  const fresh = !keep && (asked !== null || !opened.request);
  asked = base = request;
  if (fresh) { for (const name of ["about", "select", "test"]) state.set(name, null); }
  if (fresh) state.set("x", 0);
  state.set("turns", new Map());
  write(fresh ? "pushState" : "replaceState");
  follow.ask(request, (graph, id) => {
    runId = id;
    state.set(graph.start || graph.phase !== "asking" ? "graph" : "run", graph);
  });
}

// What was recorded is drawn at once where the address asks nothing, or just that; else the worker is asked.
async function openRecording() {
  const graph = await recorded();
  if (asked) return;
  if (opened.request && !(graph && sameQuestion(opened.request, graph.start.request))) return run();
  if (!graph) return;
  base = graph.start.request;
  state.set("opened", base);
  state.set("graph", graph);
}

/** @returns {Promise<any>} null where there is none, or it doesn't arrive */
async function recorded() {
  const { first } = $("main").dataset;
  if (!first) return null;
  let graph = newGraph(null);
  try {
    for await (const frame of recordedFrames(first)) graph = reduceGraph(graph, frame);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say([h("p", {}, `The recorded circuit did not arrive. ${error.message}`)]);
    return null;
  }
  return ended(graph, "cut");
}

// ---- what stands in the way

function stand() {
  const [graph, health] = [state.get("graph"), state.get("health")];
  const down = health?.worker === "down";
  const card = state.get("card");
  const other = Boolean(card && graph?.start && graph.start.request.model !== card.id);
  const live = Boolean(health?.ready && card && graph?.start && graph.phase === "done" && !other);
  state.set("live", live);
  $("save").disabled = !(graph?.start && graph.phase === "done") || follow.busy();
  if (saving && runId && graph?.phase === "done") {
    saving = false;
    save();
  }
  const hold = (base?.hold ?? []).length;
  $("held").hidden = !hold;
  fill($("held"), hold ? `${hold} push${hold > 1 ? "es" : ""} in force, as in Explore.` : "");
  if (graph?.refusal) return say(refusal(graph));
  if (graph && Object.hasOwn(ENDED, graph.phase)) {
    return say([h("p", {}, `${ENDED[graph.phase]} What arrived stays, and is a part of the circuit.`)]);
  }
  if (wanted && down) {
    return say([h("p", {}, "No worker answers. Your question runs as soon as one does; findings still open.")]);
  }
  if (down) {
    return say([
      h(
        "p",
        { class: "note" },
        "No worker answers. What was recorded stays: the claim, the groups and their measured turns.",
      ),
    ]);
  }
  if (other) {
    return say([h("p", { class: "note" }, `Recorded on ${graph.start.request.model}. Press Run to ask ${card.id}.`)]);
  }
  say(null);
}

function refusal({ refusal: { asked: what, allowed, change }, start }) {
  return [
    h("p", { class: "row notice-title" }, icon("warning"), h("b", {}, what)),
    h("p", {}, allowed),
    h("p", {}, h("b", {}, change)),
    start && h("p", { class: "note" }, "What arrived before stays, as a part."),
  ];
}

function say(lines) {
  $("notice").hidden = !lines;
  fill($("notice"), lines ?? []);
}

// ---- one prompt alone

function offer() {
  const [graph, card] = [state.get("graph"), state.get("card")];
  if (!graph?.start || sidesOf(graph).length > 1) return state.set("partners", []);
  const [{ entity, m }] = graph.start.sides;
  const name = entity.found === "whole_prompt" ? "" : entity.text.trim();
  const found = namesBeside(card, { prompt: graph.start.request.prompt, name, refuses: isUp(m) });
  state.set(
    "partners",
    found.map(({ name: other, prompt }) => ({
      name: other,
      ask: () => {
        $("beside").value = prompt;
        run();
      },
    })),
  );
}

// ---- saving

// What ships recorded is no run of this app: it runs here first, and then is saved.
function save() {
  const graph = state.get("graph");
  if (!runId) {
    const ready = state.get("health")?.ready && state.get("card");
    if (ready) return run({ keep: true });
    return say([
      h("p", {}, "This is a recording that ships here. To save it a worker must run it again, and none answers."),
    ]);
  }
  saveDialog($("dialog"), {
    id: runId,
    title: circuitTitle(graph, state.get("about")),
    claim: circuitClaim(graph, state.get("about")),
    parent,
    what: "both prompts, the circuit with its activations, effects and controls, your title and your note.",
    options: Object.fromEntries(
      Object.entries(chosen()).map(([name, value]) => [name, Array.isArray(value) ? value.join(" ") : String(value)]),
    ),
  });
}

// ---- the address

function chosen() {
  return Object.fromEntries(ADDRESSED.map((name) => [name, state.get(name)]).filter(([, value]) => value !== null));
}

function write(how) {
  const hash = writeCircuit(asked ?? opened.request, chosen(), parent);
  if (hash !== location.hash) history[how](null, "", hash);
}

function reopen() {
  clearTimeout(timer);
  opened = readCircuit(location.hash);
  for (const [name, value] of Object.entries({ ...CIRCUIT_CHANNELS, ...opened.chosen })) {
    if (ADDRESSED.includes(name)) state.set(name, value);
  }
  if (!opened.request) {
    asked = null;
    openRecording();
    return;
  }
  if (JSON.stringify(opened.request) === JSON.stringify(readCircuit(writeCircuit(asked, {})).request)) return;
  base = opened.request;
  state.set("opened", base);
  asked = null;
  run();
}
