// The front door: ask, see which latents fire, push, compare, share. Owns the question and the address; the runs behind
// it are explore/benches.js' and explore/asides.js', and everything drawn is drawn by a view from (request, frames so far).

import { newPage, Refused } from "../core/api.js";
import { asides } from "./asides.js";
import { benches, isAway } from "./benches.js";
import { $, fill, h } from "../core/dom.js";
import { keyOf } from "../core/keys.js";
import { MAX_PROMPT_CHARACTERS } from "../core/protocol.js";
import { follower } from "../run/follow.js";
import { readFragment } from "../run/fragment.js";
import { runAt } from "../run/recording.js";
import { wholeRequest } from "../run/requests.js";
import { ended, lastEntity, logodds, newRun } from "../run/run.js";
import { resetAll, sameSteering, slidersOfRequest, steerIn, sweepOf, withNamedScope } from "../run/steering/sliders.js";
import { slidersOpened, slidersThere } from "../run/steering/opened.js";
import { aliased, channels } from "../core/store.js";
import { watchWorker } from "../parts/health.js";
import { askBeside, baseBeside, besideAnswers, besidePrompt } from "./second_prompt.js";
import { curveOpen } from "./curve_open.js";
import { examples } from "./examples.js";
import { inside } from "./inside.js";
import { latentCard } from "../run/latent/card.js";
import { lookup } from "../run/latents/finder.js";
import { notice } from "./notice.js";
import { steeredLine } from "./steered_line.js";
import { mount } from "../parts/mount.js";
import { outside } from "./outside.js";
import { panels } from "../run/panels.js";
import { readout } from "../run/readout.js";
import { samples } from "../run/answers/samples.js";
import { readAs } from "./read_as.js";
import { drawQuestion, format, isEdited, NOTHING_ASKED, offerBase, setFormat, shorten, tooLong } from "./question.js";
import { shareSeen } from "./sharing.js";
import { workerStatus } from "../run/status.js";
import { tokenStrip } from "../run/tokens/tokens.js";
import { topLatents } from "../run/latents/top.js";
import { tour } from "./tour.js";
import { whyLink } from "../circuit/question/why.js";
import { channelsOf, keptAddress } from "./address.js";

const PAGE = newPage(); // not kept: a tab that is duplicated must not end its twin's runs
const KINDS = ["main", "point", "look", "other", "random", "samples", "share"];

const opened = readFragment(location.hash);
const state = channels({
  health: null,
  card: null,
  run: null,
  steer: { sweep: null, strength: 0 },
  sweep: 0,
  live: true,
  sliders: [],
  values: [],
  active: 0,
  colour: opened.colour ?? 0,
  hover: null,
  tool: "look",
  lookup: null,
  look: null,
  wantLook: false,
  other: null,
  otherSteer: { sweep: null, strength: 0 },
  random: null,
  samples: null,
  typed: opened.prompt ?? "",
  otherFormat: null,
  ...channelsOf(opened),
});

let asked = null; // { prompt, format } that the page shows; null before the first
let begun = null; // { prompt, format } that an address without a question stands for
let base = opened.request; // a whole request that was handed over; it holds until another question is asked
let parent = opened.parent; // the finding that was opened here; what is shared says so, whatever is asked next
let wanted = true; // a run waits for the worker
let refusedSince = null; // null, "ready" or "away": what the worker has been since it refused a run for being away
let startedAt = 0;
let colourChosen = opened.colour !== null;
const activeChosen = opened.active !== null || opened.at.length > 0;
let turned = null; // the prompt that the curve was turned for

const follow = Object.fromEntries(KINDS.map((kind) => [kind, follower(`${PAGE}-${kind}`)]));
const bench = benches({ seen, show, settled, main: follow.main, point: follow.point });

workerStatus($("status"), state);
mount(notice, $("notice"), state, () => run(), {
  stop: () => follow.main.stop(),
  shorten,
});
mount(inside, $("inside"), state);
panels(state);
mount(steeredLine, $("steered-line"), state);
mount(samples, $("samples"), state);
state.on(["sampling"], () => state.get("sampling") && ($("rates").open = true)); // an address may ask for them
mount(topLatents, $("top"), state);
mount(latentCard, $("latent"), state);
mount(lookup, $("lookup"), state);
mount(readout, $("readout"), state);
mount(readAs, $("read-as"), state, (own) => {
  base = { ...wholeRequest(seen()), own_bos: own };
  run();
});
mount(examples, $("pairs"), state, $("kinds"), (prompt) => {
  resetAll(state);
  ask(prompt);
});
const other = aliased(state, { run: "other", steer: "otherSteer", other: "run", otherSteer: "steer" });
mount(besidePrompt, $("beside"), state, $("beside-open"), (element) => tokenStrip(element, other, { compact: true }));
mount(outside, $("outside"), state, ask);
mount(outside, $("beside-outside"), other, (prompt) => askBeside(state, prompt));
mount(curveOpen, $("curve-open"), state);
mount(tour, $("tour"), state, $("tour-again"));
mount(whyLink, $("why"), state, seen);

$("prompt").value = opened.prompt ?? "";
setFormat(opened.format);
state.on(["run", "typed", "health"], drawAsk);
state.on(["card"], () => offerBase(state.get("card")));
mount(baseBeside, $("base-beside"), state);
state.on(["run"], turnToTheOther);
besideAnswers($("beside-answers"), state, other);
state.on(["sliders", "values", "active", "span", "watching"], () => consistent() && bench.sync());
asides(state, { seen, ready: () => canAsk() && asked && !bench.current()?.recorded, follow });
const askWorker = watchWorker(state, { waits: () => follow.main.busy() });
const address = keptAddress(state, question);
state.on(["health", "card"], startWhenReady);
openRecording();

$("tokens").addEventListener("change", (event) => {
  if (event.target.name === "colour") colourChosen = true;
  address.keep();
});
$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (performance.now() - startedAt < 400) return; // the second half of a double click is no wish to stop
  if (follow.main.busy() && !isEdited(asked)) follow.main.stop();
  else run();
});
$("prompt").addEventListener("keydown", (event) => {
  if (keyOf(event) !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  run();
});
$("ask").addEventListener("change", ({ target }) => target.name === "format" && drawAsk());
$("prompt").addEventListener("input", () => state.set("typed", $("prompt").value));
document.addEventListener("keydown", (event) => {
  const elsewhere = document.querySelector("dialog[open], :popover-open");
  if (keyOf(event) === "Escape" && follow.main.busy() && !elsewhere) follow.main.stop();
});
$("share").addEventListener("click", share);
addEventListener("popstate", reopen);

// ---- the question

/** The question as it stands, with all that is chosen about it (run/requests.js). */
function seen() {
  const names = ["card", "span", "watching", "sliders", "values", "active"];
  return { ...Object.fromEntries(names.map((name) => [name, state.get(name)])), ...asked, base };
}

/** Runs what is typed. */
function run({ keepEntry = false } = {}) {
  const card = state.get("card");
  const prompt = $("prompt").value.trim();
  if (!prompt) {
    $("prompt").focus();
    fill($("edited"), h("span", { class: "problem", role: "alert" }, NOTHING_ASKED));
    return;
  }
  wanted = !card;
  if (wanted) return;
  refusedSince = null;
  if (prompt.length > MAX_PROMPT_CHARACTERS) {
    follow.main.drop();
    bench.put(ended(newRun({ prompt, format: format(), sweeps: [], hold: [] }), "refused", tooLong(prompt)));
    return;
  }
  startedAt = performance.now();
  if (asked && (prompt !== asked.prompt || format() !== asked.format)) {
    base = null;
    if (prompt !== asked.prompt) state.set("span", null); // characters of it; a token is counted with the template's
    state.set("token", null);
    state.set("sliders", state.get("sliders").map((slider) => withNamedScope(slider, card)));
  }
  asked = { prompt, format: format() };
  begun ??= asked;
  firstSliders(card);
  bench.open();
  if (!keepEntry) address.write("pushState");
}

function ask(prompt) {
  $("prompt").value = prompt;
  state.set("typed", prompt);
  run();
}

const canAsk = () => Boolean(state.get("card") && state.get("health")?.ready);

// Those of the address, of a request that was handed over, or the model's own; those that are there already stay.
function firstSliders(card) {
  const recorded = bench.current()?.recorded;
  if (state.get("sliders").length && !recorded) return;
  const { sliders, values, active } = slidersOpened(opened, card, base);
  if (recorded) {
    state.get("sliders").forEach((slider, i) => {
      const at = sliders.findIndex((one) => sameSteering(one, slider));
      if (at >= 0) values[at] = state.get("values")[i];
    });
    setSliders(sliders, values, state.get("active"));
  } else setSliders(sliders, values, active);
}

function setSliders(sliders, values, active) {
  state.set(
    "values",
    sliders.map((_, i) => values[i] ?? null),
  );
  state.set("active", Math.min(active, Math.max(0, sliders.length - 1)));
  state.set("sliders", sliders);
}

// Three channels that only make sense together change one after the other.
function consistent() {
  const { sliders, values, active } = seen();
  return sliders.length === values.length && active < sliders.length;
}

function show(now) {
  const { sliders, values, active } = seen();
  const steer = steerIn(now, sliders, values, active);
  const before = state.get("steer");
  if (before.sweep !== steer.sweep || before.strength !== steer.strength) state.set("steer", steer);
  state.set("sweep", Math.max(0, sweepOf(now, sliders[active])));
  state.set("run", now);
}

function settled(now) {
  if (isAway(now)) refusedSince = "ready";
  if (now.phase !== "done" || !state.get("health")?.ready) askWorker();
  drawAsk();
}

// ---- the first view

/** A recording of the first example, so that the page lives before its model does; of another model none. */
async function openRecording() {
  const { first } = $("main").dataset;
  if (!first || opened.prompt !== null || opened.request) return;
  let found;
  try {
    found = await runAt(first);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return; // the live run comes anyway
  }
  const [card, { prompt, format }] = [state.get("card"), found.request];
  if (asked || (card && card.id !== found.start.model.id)) return;
  asked = { prompt, format };
  $("prompt").value = prompt;
  state.set("typed", prompt);
  setFormat(format);
  const { sliders } = slidersOfRequest({ sweeps: found.request.sweeps }, card, found);
  bench.put(found, { recorded: true });
  setSliders(sliders, [], 0);
  turned = null;
  turnToTheOther();
  startWhenReady();
}

function startWhenReady() {
  const card = state.get("card");
  const ready = state.get("health")?.ready;
  if (refusedSince && !ready) refusedSince = "away";
  else if (refusedSince === "away") wanted = true;
  if (!card || !wanted) return;
  if (!$("prompt").value) {
    const group = card.examples[0] ?? [];
    const first = group.find(({ story, role }) => (story ?? role) === "unknown") ?? group[0];
    $("prompt").value = first?.prompt ?? "";
    state.set("typed", $("prompt").value);
  }
  if (ready) run({ keepEntry: true });
}

// Until the reader chooses: the tokens show the latent that fires on the name, and the curve the direction
// that should turn this answer.
function turnToTheOther() {
  const now = state.get("run");
  if (!now?.prompt || turned === now.request.prompt) return;
  turned = now.request.prompt;
  if (!colourChosen) {
    const fires = now.prompt.arms[0].activations.map((latent) => latent[lastEntity(now)]);
    state.set("colour", Math.max(0, fires.indexOf(Math.max(...fires))));
  }
  if (activeChosen || state.get("values").some((value) => value !== null)) return;
  const role = logodds(now, 0) > 0 ? "known" : "unknown";
  const at = state.get("sliders").findIndex((slider) => slider.role === role);
  if (at >= 0) state.set("active", at);
}

function drawAsk() {
  drawQuestion(state, { asked, parent, recorded: bench.current()?.recorded, busy: follow.main.busy() });
}

// ---- sharing

function share() {
  shareSeen(state, seen(), bench.current(), { follow: follow.share, parent });
}

// ---- the address

/** What the address says beside the channels; nothing while there is only the recorded example. */
function question() {
  const card = state.get("card");
  if (!card || !asked || bench.current()?.recorded) return null;
  return { ...asked, request: base, parent, sliders: slidersThere(null, card, base).sliders, colour: colourChosen };
}

function reopen() {
  address.wait();
  const to = readFragment(location.hash);
  const card = state.get("card");
  if (to.prompt === null && begun) Object.assign(to, begun);
  if (!card || !to.prompt) return;
  ({ request: base, parent } = to);
  asked = { prompt: to.prompt, format: to.format };
  $("prompt").value = to.prompt;
  setFormat(to.format);
  colourChosen = to.colour !== null;
  const told = { ...channelsOf(to), typed: to.prompt, ...(colourChosen && { colour: to.colour }) };
  for (const [name, value] of Object.entries(told)) {
    if (JSON.stringify(state.get(name)) !== JSON.stringify(value)) state.set(name, value);
  }
  const { sliders, values, active } = slidersOpened(to, card);
  setSliders(sliders, values, active);
}
