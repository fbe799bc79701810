// The rows of the registry: what can be loaded, what is loaded, sizes and licences, dictionaries, directions.
// From /api/models and /healthz.

import { fill, h, mark } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";
import { count } from "../core/format.js";
import { copyButton } from "../parts/copy.js";
import { SCOPES } from "../core/protocol.js";
import { writeSearch } from "./address.js";

/**
 * `state` has registry, health and card (the model whose world and report are shown).
 * @param {{ wanting: (card: object) => Node }} act what stands on a card whose weights have to be fetched first
 */
export function modelCards(element, state, act) {
  const leds = new Map();
  const offs = [
    state.on(["registry"], () => {
      const registry = state.get("registry");
      leds.clear();
      if (!registry) return fill(element, h("p", { class: "note pending" }, "Asking the worker for its models…"));
      fill(
        element,
        registry.models.map((card, i) => {
          leds.set(card.id, h("p", { class: "row tight model-state" }));
          const absent = registry.absent?.includes(card.id);
          return article(card, i === 0, leds.get(card.id), more(registry, card), absent && act.wanting);
        }),
      );
    }),
    state.on(["registry", "health"], () => {
      const held = state.get("registry")?.models[0]?.id;
      for (const [id, led] of leds) fill(led, standing(id === held, state.get("health")));
    }),
    state.on(["registry", "card"], () => {
      for (const link of element.querySelectorAll("a[data-model]")) {
        const current = link.dataset.model === state.get("card")?.id;
        if (current) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };
}

function article(card, held, led, more, wanting) {
  const title = `model-${card.id}`;
  const wide = matchMedia("(min-width: 961px)").matches;
  return h(
    "article",
    { class: "model", "aria-labelledby": title },
    h("div", { class: "row model-head" }, h("h2", { id: title }, card.title), led),
    h("p", { class: "mono note" }, card.id),
    h("p", {}, card.note),
    wanting ? wanting(card) : null,
    folded(
      "Size and licence",
      held || wide,
      h(
        "dl",
        { class: "facts" },
        fact("size", `${count(card.n_layers, "layer")}, d_model ${card.d_model.toLocaleString("en")}`),
        fact("dtype", card.dtype),
        fact("prompt", `up to ${count(card.max_prompt_tokens, "token")}`),
        fact("weights", card.weights),
        fact("licence", card.licence),
      ),
      held ? null : commands(card),
    ),
    more,
    folded(
      plural(card.dictionaries.length, "dictionary", "dictionaries"),
      false,
      h("ul", { class: "parts" }, card.dictionaries.map(dictionary)),
    ),
    card.transcoders?.length
      ? folded(
        plural(card.transcoders.length, "transcoder"),
        false,
        h(
          "ul",
          { class: "parts" },
          card.transcoders.map((one) => dictionary({ ...one, site: "transcoder of the MLP" })),
        ),
      )
      : null,
    folded(
      plural(card.directions.length, "direction"),
      held && wide,
      h(
        "ul",
        { class: "parts" },
        card.directions.map((one) => direction(one, card)),
      ),
    ),
  );
}

/** What is typed in the folder of the project, in two terminals: a worker with this model, and the app before it. */
export const toLoad = ({ id }) => [
  `.venv/bin/python -m model_worker --model ${id} --port 9000`,
  "HALLUCINOSCOPE_WORKER_URL=http://127.0.0.1:9000 make run",
];

const TERMINALS = ["To load it, in one terminal", "and in another"];

/** As wide as the card, each line with what it is for and the button that copies it whole. */
const commands = (card) => [
  toLoad(card).map((line, i) => [
    h("p", { class: "row command-head" }, h("span", { class: "note" }, TERMINALS[i]), copyOf(line)),
    h("pre", { class: "command" }, h("code", {}, line.split(" ").flatMap(word))),
  ]),
  h("p", { class: "note" }, "What the hub wants, GPUs and models of your own: docs/models.md."),
];

// Where the line is broken, it is between words: none ends at its hyphen.
const word = (text, i) => [i ? " " : null, h("span", {}, text)];

function copyOf(line) {
  const button = h("button", { class: "button button-plain", type: "button", "aria-label": `Copy ${line}` }, "Copy");
  return copyButton(button, () => line);
}

const folded = (summary, open, ...content) => h("details", { open }, h("summary", {}, summary), ...content);

function dictionary({ id, layer, site, d_sae, trained_on }) {
  return h(
    "li",
    {},
    h("p", { class: "mono" }, id),
    h(
      "p",
      { class: "note" },
      withDoors(`L${layer} ${site ?? "resid_post"} (paper: layer ${layer + 1}) · `),
      `${d_sae.toLocaleString("en")} latents · trained on ${trained_on}`,
    ),
  );
}

function direction({ role, label, target, scope, evidence }, card) {
  const layer = [...card.dictionaries, ...card.vectors].find(({ id, name }) =>
    (id ?? name) === (target.dictionary ?? target.name)
  )?.layer;
  const what = target.kind === "latent" ? `#${target.latent}` : target.name;
  return h(
    "li",
    {},
    h(
      "p",
      { class: "row tight" },
      mark(role),
      h("span", { class: `as-${role}` }, label),
      h("span", { class: "mono note" }, layer === undefined ? what : `L${layer} ${what}`),
      h("span", { class: "note" }, SCOPES[scope] ?? scope),
    ),
    h("p", { class: "note" }, withDoors(evidence)),
  );
}

// Only where there is something to choose between.
function more({ models, reports }, card) {
  const shown = ({ id, world }) => world || reports.includes(id);
  if (!shown(card)) return h("p", { class: "note" }, "No list of what it knows, and no report, come with it.");
  if (models.filter(shown).length < 2) return null;
  return h(
    "p",
    {},
    h("a", { "data-model": card.id, href: writeSearch({ model: card.id }) }, "What it knows, and its report"),
  );
}

function standing(held, health) {
  const worker = health?.worker ?? "starting";
  if (!held) return [h("span", { class: "led", "aria-hidden": "true" }), "not loaded"];
  const words = { ready: "loaded", starting: "loading", down: "its worker does not answer" };
  return [h("span", { class: `led led-${worker}`, "aria-hidden": "true" }), words[worker]];
}

const fact = (name, value) => [h("dt", {}, labelDoor(name)), h("dd", {}, value)];
const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
