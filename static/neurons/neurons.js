// Hallucination neurons: which few tell errors, beside what tells them without any, and what turning them does. Opens on the
// study that was made when the model was shipped. Owns the request and the address; the run is study/background.js', and
// what is drawn is study/neurons/report.js' from (request, frames so far).

import { finding, Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { aliased, channels } from "../core/store.js";
import { away } from "../parts/away.js";
import { watchWorker } from "../parts/health.js";
import { mount } from "../parts/mount.js";
import { saveDialog } from "../parts/saving/dialog.js";
import { workerStatus } from "../run/status.js";
import { background } from "../study/background.js";
import { neuronsView } from "../study/neurons/report.js";
import { learnPace } from "../study/pace.js";
import { whatRan } from "../study/ran.js";
import { runningView } from "../study/running.js";
import { maySave, partWords } from "../study/save.js";
import { offersOf, readySetup } from "../study/setup/offers.js";
import { experimentSetup } from "../study/setup/setup.js";
import { drawShipped, shippedStudy } from "../study/setup/shipped.js";
import { trialsView } from "../study/trials/trials.js";

const KIND = "neurons";
const REST_MS = 200;

const state = channels({ health: null, card: null, offers: null, run: null, trouble: null });
let now = null; // the study that is run
let summary = null;
let shown = null; // the id of its run
let recorded = null; // the study that was shipped
let view = null;
let trials = null;
let setup = null;
let parent = null; // slug of the finding that was opened to be changed
let timer = 0;
/** @type {Record<string, string>} */
let options = {};

const offered = offersOf(state, $("ask"));
const follow = background({ onChange: show });
const progress = runningView($("running"), {
  pause: () => follow.pause(),
  resume: () => follow.resume(),
  cancel: () => follow.cancel(),
  again: () => run(now.request),
});

workerStatus($("status"), state);
mount(away, $("notice"), aliased(state, { registry: "card" }));
state.on(["health", "card"], look);
state.on(["offers"], setUp);
watchWorker(state);
$("save").addEventListener("click", save);
addEventListener("popstate", open);
open();

// ---- the address

function open() {
  const { run: id, parent: from, ...rest } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  options = rest;
  if (from && from !== parent) again(from);
  if (id === shown && id) return;
  clear();
  shown = id ?? null;
  if (!id) {
    now = summary = null;
    follow.close();
    $("running").hidden = true;
    maySave($("save"), null, null);
    openShipped();
    return;
  }
  $("setup").open = false;
  follow.open(id);
}

function write(how) {
  const hash = `#${new URLSearchParams({ ...(shown && { run: shown }), ...(parent && { parent }), ...options })}`;
  if (hash !== (location.hash || "#")) history[how](null, "", hash);
}

/** Options change at every step of a slider; the address follows once that rests. */
function chose(changed) {
  options = changed;
  clearTimeout(timer);
  timer = setTimeout(() => write("replaceState"), REST_MS);
}

/** A saved one: a button that asks the same once more, and its names and numbers to change. */
async function again(slug) {
  parent = slug;
  try {
    const { request, title } = await finding(slug);
    if (request.kind !== KIND) return;
    $("again").hidden = false;
    $("setup").open = true;
    const press = h("button", { class: "button", type: "button", onclick: () => run(request) }, "Run it again");
    fill($("again"), h("span", {}, `What “${title}” asked, as it was asked.`), press);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("trouble", error.refusal);
  }
}

// ---- what is asked

function look() {
  ready();
  view?.show(now ?? recorded, state.get("card"));
  return offered();
}

function setUp() {
  const offer = state.get("offers")?.find(({ about }) => about.study === KIND);
  if (!offer) return;
  setup?.remove();
  setup = experimentSetup($("ask"), { offer, card: state.get("card"), onRun: run });
  ready();
}

function ready() {
  readySetup(setup, state);
}

// ---- what was shipped, and a run

/** Unless a run is shown by the time that it is here. */
async function openShipped() {
  const { first } = $("main").dataset;
  recorded ??= first ? await shippedStudy(first, KIND) : null;
  if (shown || now || view) return;
  if (!recorded) {
    $("setup").open = true;
    fill(
      $("report"),
      h("p", { class: "neurons-empty" }, "Nothing measured yet. Claims appear here once a study has run."),
    );
    return;
  }
  draw(recorded);
  drawShipped($("shipped"), recorded, $("setup"));
}

async function run(request) {
  clear();
  const id = await follow.start(request);
  if (id === null) return;
  shown = id;
  $("setup").open = false;
  write("pushState");
  $("running").scrollIntoView({ block: "nearest" });
}

function show(study, its, trouble) {
  [now, summary] = [study, its];
  $("shipped").hidden = true;
  $("running").hidden = false;
  progress.show(study, its, trouble);
  if (study.opening) draw(study);
  if (study.phase === "done") learnPace(study);
  maySave($("save"), study, its);
}

function draw(study) {
  const card = state.get("card");
  if (view) view.show(study, card);
  else {
    fill($("report"));
    view = neuronsView($("report"), study, { options, onOptions: chose, card });
  }
  whatRan($("facts"), study);
  if (study.trials.length) {
    trials ??= trialsView($("trials"), { card });
    trials.show(study);
  }
}

function clear() {
  view?.remove();
  trials?.remove();
  view = trials = null;
  fill($("report"));
  $("trials").hidden = $("shipped").hidden = $("facts").hidden = true;
}

function save() {
  saveDialog($("dialog"), {
    id: summary.id,
    title: `Hallucination neurons: ${now.opening.model.id}${partWords(now)}`,
    claim: now.figures.get("verdicts")?.claim || null,
    parent,
    what: "the names and questions, every answer with its verdict, the figures, your title and your note.",
    options,
  });
}
