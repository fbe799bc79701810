// The paper's figures, live: choose one, see what it costs, run it, read every answer, save it. Owns what is chosen and
// the address; the run is study/background.js', and what is drawn is drawn by a view from (request, frames so far).

import { finding, Refused } from "../core/api.js";
import { background } from "../study/background.js";
import { $, fill, h } from "../core/dom.js";
import { addressOf } from "../core/root.js";
import { withDoors } from "../core/term.js";
import { learnPace } from "../study/pace.js";
import { aliased, channels } from "../core/store.js";
import { watchWorker } from "../parts/health.js";
import { away } from "../parts/away.js";
import { figuresView } from "../study/figures/figures.js";
import { labelsView } from "../study/trials/labels.js";
import { mount } from "../parts/mount.js";
import { whatRan } from "../study/ran.js";
import { runningView, standing } from "../study/running.js";
import { saveDialog } from "../parts/saving/dialog.js";
import { maySave, partWords } from "../study/save.js";
import { offersOf, readySetup } from "../study/setup/offers.js";
import { experimentSetup } from "../study/setup/setup.js";
import { drawShipped, shippedStudy } from "../study/setup/shipped.js";
import { workerStatus } from "../run/status.js";
import { trialsView } from "../study/trials/trials.js";

/** protocol/app/experiments/experiment.py ExperimentAbout; the page brings them, since they need no worker. */
const EXPERIMENTS = JSON.parse($("offered").textContent);

const state = channels({ health: null, card: null, offers: null, run: null, trouble: null });
let chosen = null; // id of the experiment
let shown = null; // id of the run in the address
let now = null; // the study
let summary = null;
let setup = null;
let views = null; // of what the run found
/** @type {Record<string, string>} */
let filters = {};

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
state.on(["offers"], drawSetup);
watchWorker(state);
$("save").addEventListener("click", save);
addEventListener("popstate", () => (location.hash === "" || location.hash.includes("=")) && open());
open();

// ---- the address

/** What the address says: an experiment, and perhaps a run of it. */
function open() {
  const { kind, run: id, parent, ...rest } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  choose(experimentOf(kind) ? kind : (chosen ?? EXPERIMENTS[0].id));
  filters = rest;
  if (parent) return again(parent);
  if (!id) return leave();
  if (id === shown) return;
  shown = id;
  $("setup").open = false;
  clear();
  follow.open(id);
}

/** A saved one: its experiment, and a button that asks the same once more. */
async function again(slug) {
  leave({ shipped: false });
  try {
    const { request, title } = await finding(slug);
    choose(idOf(request) ?? chosen);
    const button = h(
      "button",
      { class: "button button-primary", type: "button", onclick: () => run(request) },
      "Run it again",
    );
    fill(
      $("figures"),
      h("p", { class: "row wrap experiment-empty" }, h("span", {}, `What “${title}” asked, as it was asked.`), button),
    );
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fill($("figures"), h("p", { class: "problem experiment-empty" }, error.message));
  }
}

function write(how) {
  const hash = `#${new URLSearchParams({ kind: chosen, ...(shown ? { run: shown, ...filters } : {}) })}`;
  if (hash !== location.hash) history[how](null, "", hash);
}

// ---- which experiment

function experimentOf(id) {
  return EXPERIMENTS.find((one) => one.id === id) ?? null;
}

/** Which of them a request is. */
function idOf({ kind, plot = "arms" }) {
  return EXPERIMENTS.find((one) => one.study === kind && (one.plot === null || one.plot === plot))?.id ?? null;
}

function choose(id) {
  if (id === chosen) return;
  chosen = id;
  drawList();
  drawAbout();
  drawSetup();
}

function go(id) {
  choose(id);
  leave();
  write("pushState");
}

/** Nothing is run here; what was run goes on. `shipped`: whether what the model was shipped with is shown instead. */
function leave({ shipped = true } = {}) {
  shown = now = summary = null;
  filters = {};
  follow.close();
  clear();
  $("setup").open = !(shipped && $("main").dataset.first);
  $("running").hidden = $("facts").hidden = true;
  fill($("figures"), empty());
  canSave();
  if (shipped) openShipped(chosen);
}

/** The recorded result of an experiment, unless something else is shown by the time that it is here. */
async function openShipped(id) {
  const { first } = $("main").dataset;
  const study = first ? await shippedStudy(first, id) : null;
  if (shown || now || views || id !== chosen) return;
  const card = state.get("card");
  if (!study || (card && card.id !== study.opening.model.id)) {
    $("setup").open = true;
    return;
  }
  views = { figures: figuresView($("figures")) };
  views.figures.show(study);
  whatRan($("facts"), study);
  drawShipped($("shipped"), study, $("setup"));
}

function drawList() {
  const link = ({ id, title, redoes, question }, place) =>
    h(
      "li",
      {},
      h(
        "a",
        {
          href: `#kind=${id}`,
          "aria-current": id === chosen ? "true" : null,
          onclick: (event) => (event.preventDefault(), go(id)),
        },
        h("span", { class: "experiment-number" }, String(place + 1)),
        h("b", {}, title),
        h("span", { class: "note" }, question),
        h("span", { class: "note experiment-paper" }, redoes),
      ),
    );
  const focused = $("list").contains(document.activeElement);
  const select = h(
    "select",
    { "aria-label": "Experiment", onchange: () => go(select.value) },
    EXPERIMENTS.map(({ id, title }, place) =>
      h("option", { value: id, selected: id === chosen }, `${place + 1} ${title}`)
    ),
  );
  fill($("list"), select, h("ol", {}, EXPERIMENTS.map(link)));
  if (focused) {
    const current = $("list").querySelector("a[aria-current]");
    (current.offsetParent ? current : select).focus();
  }
}

function drawAbout() {
  const { title, redoes, question, control, page } = experimentOf(chosen);
  fill(
    $("about"),
    h("h2", {}, title),
    h("p", {}, withDoors(question)),
    h("p", { class: "note" }, h("b", {}, "Control: "), withDoors(control)),
    h("p", { class: "note" }, h("b", {}, "Redoes: "), `${redoes}.`),
    page && h("p", {}, h("a", { class: "link", href: addressOf(`/${page}`) }, `${title}, on a page of its own`)),
  );
}

function drawSetup() {
  const offer = state.get("offers")?.find(({ about }) => about.id === chosen);
  if (!offer) return;
  setup?.remove();
  setup = experimentSetup($("ask"), { offer, card: state.get("card"), onRun: run });
  ready();
}

function look() {
  ready();
  return offered();
}

function ready() {
  readySetup(setup, state);
}

function empty() {
  return h(
    "p",
    { class: "experiment-empty" },
    "Nothing run yet. Figures appear here while answers come in, each beside its control, and every answer can be read below them.",
  );
}

// ---- the run

async function run(request) {
  filters = {};
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
  $("running").hidden = false;
  progress.show(study, its, trouble);
  const id = study.request && idOf(study.request);
  if (id && id !== chosen) {
    choose(id);
    write("replaceState");
  }
  views ??= made();
  views.figures.show(study);
  views.labels.show(study);
  views.trials.show(study);
  whatRan($("facts"), study);
  if (study.figures.size || standing(study, its) === "refused") $("waiting")?.remove();
  if (study.phase === "done") learnPace(study);
  canSave();
}

function made() {
  fill($("figures"));
  const figures = figuresView($("figures"));
  $("figures").append(
    h("p", { class: "experiment-empty", id: "waiting" }, "Figures appear here once a few steps are done."),
  );
  const labels = labelsView($("labels"));
  const chose = (now) => {
    filters = now;
    write("replaceState");
  };
  const trials = trialsView($("trials"), { chosen: filters, onChange: chose, card: state.get("card") });
  return { figures, labels, trials };
}

function clear() {
  for (const view of Object.values(views ?? {})) view.remove();
  views = null;
  fill($("figures"));
  $("trials").hidden = $("labels").hidden = $("shipped").hidden = true;
}

// ---- saving

function canSave() {
  maySave($("save"), now, summary);
}

function save() {
  const { title } = experimentOf(chosen);
  const first = [...now.figures.values()][0];
  saveDialog($("dialog"), {
    id: summary.id,
    title: `${title}: ${now.opening.model.id}${partWords(now)}`,
    claim: first?.claim || null,
    what: "the names and questions, every answer with its verdict, the figures, your title and your note.",
    options: filters,
  });
}
