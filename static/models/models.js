// What can be loaded, what a model knows, and what was measured on it. Owns the page's state and its address;
// the worker may be away, so whatever is missing is asked for again with growing patience.

import { health, Refused, registry, report, world } from "../core/api.js";
import { $ } from "../core/dom.js";
import { readSearch, writeSearch } from "./address.js";
import { channels } from "../core/store.js";
import { away } from "../parts/away.js";
import { modelCards } from "./cards.js";
import { modelReport } from "./report.js";
import { wantedWeights } from "./weights.js";
import { workerStatus } from "../run/status.js";
import { worldSearch } from "./world.js";

const SIZE = 50; // names on a page
const TYPING_MS = 150;
const PATIENCE_MS = { ready: 30_000, first: 1_000, most: 15_000 };

const state = channels({
  health: null,
  registry: null,
  card: null,
  search: readSearch(location.hash),
  page: null,
  refusal: null, // of the search, by what was asked
  report: null,
  reportRefusal: null,
  trouble: null, // of the list of models
  run: null, // no run here; the led asks for it
});
let searching = null; // AbortController of the search on its way
let reporting = null;
let typing = 0; // timer of the next search
let asking = 0; // timer of the next look at the worker
let patience = PATIENCE_MS.first;

workerStatus($("status"), state);
away($("notice"), state);
modelCards($("cards"), state, { wanting: (card) => wantedWeights($("dialog"), card) });
worldSearch($("world"), state, go, SIZE);
modelReport($("report"), state);

state.on(["registry", "search"], () => {
  const { models, reports } = state.get("registry") ?? { models: [], reports: [] };
  const told = ({ id, world: file }) => file || reports.includes(id);
  state.set("card", models.find(({ id }) => id === state.get("search").model) ?? models.find(told) ?? null);
});
state.on(["card"], () => {
  state.set("page", null);
  state.set("report", null);
  state.set("refusal", null);
  state.set("reportRefusal", null);
  askReport();
});
state.on(["card", "search"], () => {
  clearTimeout(typing);
  typing = setTimeout(askWorld, state.get("page") ? TYPING_MS : 0);
});
addEventListener("popstate", () => {
  // The skip link and other plain anchors are no searches.
  if (location.hash === "" || location.hash.includes("=")) state.set("search", readSearch(location.hash));
});
look();

/** Another search. While somebody types it replaces the address; a click can be taken back. */
function go(changes, typed = false) {
  const search = { ...state.get("search"), ...changes };
  history[typed ? "replaceState" : "pushState"](null, "", writeSearch(search) || location.pathname);
  state.set("search", search);
}

async function askWorld() {
  const card = state.get("card");
  searching?.abort();
  if (!card?.world) return;
  const mine = new AbortController();
  searching = mine;
  const { q, type, tier, offset } = state.get("search");
  try {
    const page = await world(card.id, { q, type, tier, offset, limit: SIZE }, mine.signal);
    if (searching !== mine) return;
    state.set("refusal", null);
    state.set("page", page);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Refused)) throw error;
    state.set("page", null);
    state.set("refusal", { ...error.refusal, status: error.status });
    if (passes(state.get("refusal"))) lookSoon();
  }
}

async function askReport() {
  const card = state.get("card");
  reporting?.abort();
  if (!card || !state.get("registry").reports.includes(card.id)) return;
  const mine = new AbortController();
  reporting = mine;
  try {
    const answer = await report(card.id, mine.signal);
    if (reporting !== mine) return;
    state.set("reportRefusal", null);
    state.set("report", answer);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Refused)) throw error;
    state.set("reportRefusal", { ...error.refusal, status: error.status });
    if (passes(state.get("reportRefusal"))) lookSoon();
  }
}

/** True for what may be gone by itself the next time. */
const passes = (refusal) => refusal !== null && (refusal.status === 0 || refusal.status >= 500);

// The worker: asked at once, then with growing patience until nothing is missing.
async function look() {
  clearTimeout(asking);
  try {
    const now = await health();
    state.set("health", now);
    if ((now.ready || now.model) && !state.get("registry")) {
      state.set("registry", await registry());
      state.set("trouble", null);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status) state.set("trouble", error.refusal);
    else state.set("health", { worker: "down", ready: false, model: null, detail: error.message });
  }
  const gone = ["refusal", "reportRefusal"].map((name) => passes(state.get(name)));
  if (state.get("registry")) {
    if (gone[0]) askWorld();
    if (gone[1]) askReport();
  }
  const settled = state.get("health")?.ready && state.get("registry") && !gone.includes(true);
  patience = settled ? PATIENCE_MS.first : Math.min(patience * 1.5, PATIENCE_MS.most);
  asking = setTimeout(look, settled ? PATIENCE_MS.ready : patience);
}

function lookSoon() {
  clearTimeout(asking);
  asking = setTimeout(look, patience);
}
