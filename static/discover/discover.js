// The paper's search, live: choose names, search, watch the ranking settle, pin what is worth a push. Owns the request and
// the address; the run is study/background.js', and what is drawn is drawn by a view from (request, frames so far).

import { findingFrames, Refused } from "../core/api.js";
import { background } from "../study/background.js";
import { leave, left } from "./left.js";
import { countsOf } from "../study/discovery/counts.js";
import { headline } from "../study/discovery/headline.js";
import { $, fill, h } from "../core/dom.js";
import { count } from "../core/format.js";
import { mostOf, rowsOf } from "../study/discovery/rows.js";
import { handedOver } from "../study/trials/labelled.js";
import { aliased, channels } from "../core/store.js";
import { isGoing, typesOf } from "../study/study.js";
import { watchWorker } from "../parts/health.js";
import { away } from "../parts/away.js";
import { byMeaning } from "../study/discovery/by_meaning.js";
import { latentDialog } from "../study/discovery/card.js";
import { discoveryView } from "../study/discovery/report.js";
import { namesPicker } from "../study/names/picker.js";
import { mount } from "../parts/mount.js";
import { saveDialog } from "../parts/saving/dialog.js";
import { maySave, partWords } from "../study/save.js";
import { seconds } from "../study/running.js";
import { runningView, standing } from "../study/running.js";
import { OF_NAMES } from "../study/searching.js";
import { workerStatus } from "../run/status.js";

const CORPUS_TOKENS = 10_000;
const PAPER_SHARE = 0.02;
const REST_MS = 200;
const SLUG = /^[1-9A-HJ-NP-Za-km-z]{10,22}$/;

const state = channels({ health: null, card: null, run: null, trouble: null });
let now = null; // the study that is shown
let summary = null;
let view = null; // of its result
let options = {}; // that were chosen on it
let names = null; // the picker
let shown = null; // the id of the run in the address
let timer = 0;
let forked = null; // the request of `parent`
let parent = null; // slug of the finding that was opened to be changed

const follow = background({ onChange: show });
const progress = runningView($("searching"), {
  pause: () => follow.pause(),
  resume: () => follow.resume(),
  cancel: () => follow.cancel(),
  again: () => follow.start(now.request ?? asked()).then(began),
}, OF_NAMES);

workerStatus($("status"), state);
mount(away, $("notice"), aliased(state, { registry: "card" }));
mount(byMeaning, $("meaning"), state, openCard);
empty();
state.on(["card"], () => {
  const card = state.get("card");
  if (!card || names) return;
  setUp(card, forked ?? { names: handedOver() });
  view?.show(now, card);
  ready();
});
state.on(["health"], ready);
watchWorker(state);
$("corpus").addEventListener("change", () => ($("most").disabled = !$("corpus").checked));
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const request = asked();
  if (!request || $("run").disabled) return;
  options = {};
  follow.start(request).then(began);
});
$("save").addEventListener("click", save);
addEventListener("popstate", open);
comeBack();

// ---- the request

/** The form, with what a request says, or what is usual for a model. */
function setUp(card, request) {
  names?.remove();
  names = namesPicker($("names"), { card, model: card.id, onChange: ready, names: request.names });
  $("template").placeholder = card.statement;
  $("template").value = request.template ?? "";
  for (const input of $("ask").elements.part) {
    input.checked = input.value === (card.base ? (request.part ?? "base") : "chat");
    input.disabled = input.value === "base" && !card.base;
  }
  const share = request.max_corpus_share ?? card.max_corpus_share;
  $("corpus").checked = share < 1;
  $("most").disabled = share >= 1;
  if (share < 1) $("most").value = String(Number((100 * share).toPrecision(6)));
  $("corpus-note").hidden = share === PAPER_SHARE;
}

/** A DiscoverRequest of protocol/worker/studies.py, null while none could be asked. */
function asked() {
  const card = state.get("card");
  const set = names?.value();
  if (!card || !set) return null;
  const filtered = $("corpus").checked && $("most").checkValidity() && $("most").value;
  const part = new FormData($("ask")).get("part");
  return {
    kind: "discover",
    model: card.id,
    names: set,
    part,
    template: $("template").value.trim() || null,
    corpus_tokens: CORPUS_TOKENS,
    max_corpus_share: filtered ? Number($("most").value) / 100 : 1,
  };
}

function ready() {
  const health = state.get("health");
  const request = asked();
  $("run").disabled = !request || !health?.ready;
  fill($("cost"), costWords(state.get("card"), names?.size()));
  fill($("hint"), request ? (health?.ready ? null : "Waits for the model.") : names && "Choose names first.");
}

function costWords(card, n) {
  const what = `Each name is read once, and ${CORPUS_TOKENS.toLocaleString("en")} tokens of ordinary text`;
  if (!n || !card?.names_per_s) return `${what}. The time left is told as it goes.`;
  const time = seconds(n / card.names_per_s);
  return `${what}: about ${time} for ${count(n, "name")} on two cores, as the model's makers measured it.`;
}

// ---- the run

function began(id) {
  if (id === null) return;
  shown = id;
  $("setup").open = false;
  write("pushState");
}

function show(study, its, trouble) {
  const fresh = now?.request !== study.request && !study.opening;
  [now, summary] = [study, its];
  state.set("run", null);
  $("searching").hidden = false;
  progress.show(study, its, trouble);
  if (fresh && view) {
    view.remove();
    view = null;
  }
  if (study.opening && !view) {
    fill($("found"));
    const card = state.get("card");
    view = discoveryView($("found"), study, { options, onOptions: chose, card, onCard: openCard });
  } else if (view) view.show(study, state.get("card"));
  else if (!isGoing(study)) empty();
  else fill($("found"));
  const stands = standing(study, its);
  if (stands === "refused") $("setup").open = true;
  maySave($("save"), study, its);
  facts();
}

function facts() {
  const { opening, request } = now;
  if (!opening) return;
  const of = (label) => opening.names.filter((name) => name.label === label).length;
  const types = typesOf(now);
  fill(
    $("facts"),
    `${of("known").toLocaleString("en")} known and ${count(of("unknown"), "unknown name")}, ${
      count(types.length, "type")
    }: ${types.join(", ")}`,
  );
  fill(
    $("chosen"),
    `${request.part} model, ${count(new Set(opening.dictionaries.map(({ layer }) => layer)).size, "layer")}`,
  );
}

function openCard(target) {
  const card = state.get("card");
  if (card) latentDialog($("latent"), card, target);
}

function empty() {
  fill(
    $("found"),
    h(
      "p",
      { class: "discover-empty" },
      "No names compared yet. Search the model's world as it stands, or give your own names; what is found appears here while it is counted.",
    ),
  );
}

// ---- saving

function save() {
  const counts = countsOf(now);
  const { rows } = rowsOf(counts, { most: mostOf(now), role: "both", half: "test" }, now);
  const { title, claim } = headline(rows[0], counts.types.length, now.opening.too_few);
  saveDialog($("dialog"), {
    id: summary.id,
    title: title + partWords(now),
    claim,
    parent,
    what: `the ${
      count(now.opening.names.length, "name")
    }, what each latent did on them, the ranking and its figures, your title and your note.`,
    options,
  });
}

// ---- the address

function chose(changed) {
  options = changed;
  clearTimeout(timer);
  timer = setTimeout(() => write("replaceState"), REST_MS);
}

function write(how) {
  if (!shown) return;
  const hash = `#${new URLSearchParams({ run: shown, ...(parent && { parent }), ...options })}`;
  if (hash !== location.hash) history[how](null, "", hash);
  leave(hash);
}

/** What the address says; where it says nothing, what it said when the page was left. */
async function comeBack() {
  const hash = location.hash.length > 1 ? null : await left();
  if (hash && location.hash.length < 2 && !shown) history.replaceState(null, "", hash);
  open();
}

/** What the address says; nothing where it says nothing. */
function open() {
  clearTimeout(timer);
  const { run, parent: from, ...rest } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  if (from && SLUG.test(from)) fork(from);
  if (!run) return;
  options = rest;
  shown = run;
  view?.remove();
  view = null;
  $("setup").open = false;
  follow.open(run);
}

/** The request of a finding, to be changed and asked again. */
async function fork(slug) {
  parent = slug;
  try {
    for await (const frame of findingFrames(slug)) {
      if (frame.kind !== "study" || frame.request.kind !== "discover") return;
      forked = frame.request;
      if (state.get("card")) setUp(state.get("card"), forked);
      return;
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    state.set("trouble", error.refusal);
  }
}
