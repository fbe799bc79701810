// One latent by itself: what it writes, where it fires on this prompt, on names and in a sample of text.
// From the card, from run/latents/values.js and from the frames `lens` and `firing`, asked for once a latent.
// A named direction has words about how it was made, and no facts.

import { latentFacts, Refused } from "../../core/api.js";
import { fill, h, mark } from "../../core/dom.js";
import { door, withDoors } from "../../core/term.js";
import { sig3 } from "../../core/format.js";
import { fvuHere } from "../latents/values.js";
import { onNeurons, readOf, same, titled } from "../names.js";
import { sliderFor } from "../steering/sliders.js";
import { channels } from "../../core/store.js";
import { alongPrompt } from "./tokens.js";
import { namesHistogram } from "./histogram.js";
import { keepButtons } from "../latents/keep.js";
import { writes } from "../../parts/latent/lens.js";
import { rate, snippets } from "../../parts/latent/snippets.js";

const LISTED = 24; // neurons of a set
const KEPT = 64; // latents whose facts are remembered

export function latentCard(element, state) {
  const own = channels({ target: null, role: "other", facts: null, problem: null });
  const seen = new Map(); // facts by model and latent
  let asking = null; // AbortController of the question on its way
  let opened = state.get("latent");
  let inSight = false;
  let ready = false; // the worker
  let keeps = null;
  let removes = [];
  const head = h("div", { class: "latent-head" });
  const numbers = h("p", { class: "latent-numbers" });
  const problem = h("div", { class: "latent-problem", role: "status" });
  const said = h("p", { class: "sr", role: "status" });
  const parts = h("div", { class: "latent-parts" });
  fill(element, said, head, numbers, problem, parts);

  const sight = new IntersectionObserver(
    ([entry]) => {
      inSight = entry.isIntersecting;
      ask();
    },
    { rootMargin: "200px 0px" },
  );
  sight.observe(element);
  const offs = [
    () => sight.disconnect(),
    () => asking?.abort(),
    () => removes.forEach((remove) => remove()),
    own.on(["target"], drawTarget),
    own.on(["target", "facts"], drawNumbers),
    own.on(["problem"], drawProblem),
    state.on(["card", "run", "latent", "sliders", "active"], follow),
    state.on(["latent"], show),
    state.on(["sliders", "watching", "run"], () => keeps?.update()),
    state.on(["look", "run"], drawNumbers),
    state.on(["health"], () => {
      const now = Boolean(state.get("health")?.ready);
      if (now === ready) return;
      ready = now;
      ask();
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function follow() {
    const target = targetOf(state);
    const now = own.get("target");
    if (target && now && same(target, now)) return;
    asking?.abort();
    own.set("facts", null);
    own.set("problem", null);
    own.set("target", target);
    ask();
  }

  // Whoever opened it is perhaps far up the page.
  function show() {
    const now = state.get("latent");
    if (now === opened) return;
    opened = now;
    if (!now) return;
    fill(said, `Card of ${titled(now, null, state.get("card")).short}`);
    const { top } = element.getBoundingClientRect();
    if (top < 0 || top > innerHeight - 200) element.scrollIntoView({ block: "start" });
  }

  async function ask() {
    const target = own.get("target");
    const model = state.get("card")?.id;
    if (!target || !isLatent(target) || !inSight || own.get("facts")) return;
    const key = `${model} ${target.dictionary} ${target.latent}`;
    if (seen.has(key)) return own.set("facts", seen.get(key));
    if (!ready) return; // asked as soon as it is
    if (asking && asking.key === key && !asking.signal.aborted) return;
    asking?.abort();
    const mine = Object.assign(new AbortController(), { key });
    asking = mine;
    own.set("problem", null);
    try {
      const facts = await latentFacts(model, target, mine.signal);
      if (mine.signal.aborted) return;
      seen.set(key, facts);
      if (seen.size > KEPT) seen.delete(seen.keys().next().value);
      own.set("facts", facts);
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      own.set("problem", error.refusal);
    } finally {
      if (asking === mine) asking = null;
    }
  }

  function drawTarget() {
    for (const remove of removes) remove();
    removes = [];
    const target = own.get("target");
    const card = state.get("card");
    keeps = null;
    if (!target) {
      fill(head, h("h2", {}, "Latent"));
      fill(parts, h("p", { class: "note" }, "Choose a latent in the list beside, or a slider: its card stands here."));
      return;
    }
    const { role, label, short } = titled(target, null, card);
    own.set("role", role);
    const vector = !isLatent(target);
    keeps = keepButtons(state, target, short, { pin: "Steer with this", pinned: "Pinned" });
    fill(
      head,
      h(
        "div",
        { class: "row latent-title" },
        mark(role),
        h("h2", { class: `as-${role}` }, label === short ? kindOf(target) : label),
        h("span", { class: "mono" }, short),
        h("span", { class: "row push" }, keeps.buttons),
      ),
      h("p", { class: "note" }, vector ? madeBy(target, card) : siteOf(target, card)),
      evidence(target, card),
    );
    keeps.update();
    const place = (name) => h("div", { class: `latent-part latent-${name}` });
    const views = vector ? {} : { lens: writes, histogram: namesHistogram, along: alongPrompt, snippets };
    fill(
      parts,
      ...Object.entries(views).map(([name, view]) => {
        const part = place(name);
        removes.push(view(part, state, own));
        return part;
      }),
    );
  }

  function drawNumbers() {
    const target = own.get("target");
    if (!target || !isLatent(target)) return fill(numbers);
    const { lens, firing } = own.get("facts") ?? {};
    const fvu = fvuHere(state, target.dictionary);
    const dictionary = dictionaryOf(target, state.get("card"));
    fill(
      numbers,
      h("span", {}, firing ? rate(firing) : "Where it fires in the sample is not read yet."),
      lens &&
        h(
          "span",
          { title: "Norm of its decoder row, along which it writes" },
          door("d_norm"),
          " ",
          h("b", {}, sig3(lens.norm)),
        ),
      fvu !== null &&
        h(
          "span",
          { title: "Share of the variance on this prompt that its dictionary misses" },
          door("fvu"),
          " here ",
          h("b", {}, sig3(fvu)),
        ),
      dictionary?.neuronpedia &&
        h(
          "a",
          {
            href: `https://www.neuronpedia.org/${dictionary.neuronpedia}/${target.latent}`,
            rel: "noopener",
            target: "_blank",
          },
          "Neuronpedia",
          h("span", { class: "note" }, " (new tab)"),
        ),
    );
  }

  function drawProblem() {
    const refusal = own.get("problem");
    fill(
      problem,
      refusal && h("p", {}, `${refusal.asked} ${refusal.allowed} ${refusal.change}`),
      refusal && h("button", { class: "button", type: "button", onclick: ask }, "Ask again"),
    );
  }
}

/** What was chosen, else what the active slider pushes, else the first that is watched. */
function targetOf(state) {
  const card = state.get("card");
  if (!card) return null;
  return state.get("latent") ?? state.get("sliders")?.[state.get("active")]?.target ?? card.watch[0]?.target ?? null;
}

const dictionaryOf = (target, card) => card?.dictionaries.find(({ id }) => id === target.dictionary);

function siteOf(target, card) {
  const found = dictionaryOf(target, card);
  if (!found) return `${target.dictionary}, which the model's card does not list.`;
  const { id, layer, trained_on, d_sae } = found;
  const width = d_sae.toLocaleString("en");
  return [
    withDoors(`Layer ${layer} resid_post (paper: layer ${layer + 1}) · `),
    h("span", { class: "mono" }, id),
    ` · one of ${width} latents, trained on ${trained_on}`,
  ];
}

const isLatent = (target) => target.kind !== "vector" && !onNeurons(target);

const kindOf = (target) => (isLatent(target) ? "Latent" : onNeurons(target) ? "Neurons" : "Direction");

function madeBy(target, card) {
  if (onNeurons(target)) {
    const own = readOf(target);
    const pairs = own.kind === "neuron" ? [[own.layer, own.index]] : own.neurons;
    const listed = pairs.slice(0, LISTED).map(([layer, index]) => `L${layer} ${index}`).join(", ");
    const more = pairs.length > LISTED ? ` and ${pairs.length - LISTED} more` : "";
    return withDoors(
      `Neurons of the MLPs, by layer and index: ${listed}${more}. They are scaled; what is read of them is their CETT.`,
    );
  }
  const found = card?.vectors?.find(({ name }) => name === target.name);
  return found
    ? withDoors(`Layer ${found.layer} resid_post (paper: layer ${found.layer + 1}) · ${found.made_by}`)
    : "A named direction that the model's card does not list.";
}

function evidence(target, card) {
  const text = !isLatent(target) ? null : sliderFor(target, card).evidence;
  return text && h("p", { class: "note" }, withDoors(text));
}
