// Beside an answer to a prompt about something outside the model's world: what the model is, and what can be asked of it.
// From `start` (entity), the card, and the world by its search. About a name that the world has only where it is spelled
// otherwise here.

import { Refused, registry, world } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { MAX_SEARCH_CHARACTERS } from "../core/protocol.js";
import { addressOf } from "../core/root.js";

/**
 * What was asked that a model with a closed world can't know: { name }, null where no name was seen; null where the
 * prompt has, or may have, a name of the world, and of a model whose world is open.
 * @returns {{ name: string|null }|null}
 */
export function outsideOf(run, card) {
  const entity = run?.start?.entity;
  if (!entity || !card?.closed_world || !card.world || card.id !== run.start.model.id) return null;
  const known = [entity, ...(entity.others ?? [])].some(({ found, called }) => found === "world" || called);
  if (known || run.start.request.format !== "chat") return null;
  return { name: entity.found === "whole_prompt" ? null : entity.text };
}

/**
 * A name of the world that is spelled otherwise here, whatever comes of it: the model reads other tokens than it was taught.
 * @returns {{ name: string, called: string, prompt: string }|null}
 */
export function otherwiseOf(run) {
  const { entity, request } = run?.start ?? {};
  if (!entity?.called || entity.called === entity.text || !request.entity) return null;
  const { text, called } = entity;
  const span = request.entity; // where the name stood, as the worker resolved it
  const asked = Array.from(request.prompt); // places are counted in characters
  const prompt = [...asked.slice(0, span.start), called, ...asked.slice(span.end)].join("");
  return { name: text, called, prompt };
}

/**
 * What can be asked instead, each a prompt with the name it is about: the same about a name that is spelled almost so,
 * else the first example of each type that the model answers.
 * @returns {{ name: string, prompt: string }[]}
 */
export function instead({ prompt, name, near, examples }) {
  const meant = near.map((entry) => ({ name: entry.name, prompt: prompt.replace(name, () => entry.name) }));
  if (meant.length) return meant;
  return examples.flatMap((group) => {
    const known = group.find(({ story, role }) => (story ?? role) === "known");
    return known && known.prompt !== prompt ? [{ name: known.name, prompt: known.prompt }] : [];
  });
}

/** How many names a model was told of often, and where just those are listed; all of them where none is marked so. */
export function namesOf(model, { n_known, n_entries }) {
  const hash = `#${new URLSearchParams({ model, ...(n_known ? { tier: "known" } : {}) })}`;
  return { words: `${(n_known || n_entries).toLocaleString("en")} names`, hash };
}

const size = ({ n_layers, d_model }) => n_layers * d_model ** 2; // as parameters grow

/** `ask(prompt)` asks it in the place where the answer stands. */
export function outside(element, state, ask) {
  let wanted = ""; // what the line is about
  const off = state.on(["run", "card", "live"], look);
  return () => {
    off();
    wanted = "";
    fill(element);
  };

  async function look() {
    const [run, card] = [state.get("run"), state.get("card")];
    const otherwise = state.get("live") ? otherwiseOf(run) : null;
    const what = !otherwise && state.get("live") && run?.arms?.[0]?.verdict ? outsideOf(run, card) : null;
    const named = otherwise ?? (what && [card.id, run.request.prompt, what.name]);
    const about = named ? JSON.stringify(named) : "";
    if (about === wanted || (run && !run.start && !run.refusal)) return; // a run begins: what was said still holds
    wanted = about;
    element.hidden = !otherwise;
    if (otherwise) fill(element, spelling(otherwise));
    if (!what) return;
    try {
      const words = (what.name ?? "").slice(0, MAX_SEARCH_CHARACTERS);
      const [page, { models }] = await Promise.all([world(card.id, { q: words, limit: 1 }), registry()]);
      if (about !== wanted) return;
      const bigger = models.find((one) => !one.closed_world && size(one) > size(card));
      fill(element, line(what, page, card, run.request.prompt, bigger));
      element.hidden = false;
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // the answer stands without it
      wanted = "";
    }
  }

  function spelling({ name, called, prompt }) {
    const press = { class: "button", type: "button", title: prompt, onclick: () => ask(prompt) };
    return [
      h("p", {}, `The model was taught this name as “${called}”; spelled “${name}”, it reads other tokens.`),
      h("p", { class: "what-it-is-asks" }, h("span", {}, "Ask about"), h("button", press, called)),
    ];
  }

  function line({ name }, page, card, prompt, bigger) {
    const asked = instead({ prompt, name: name ?? prompt, near: page.near, examples: card.examples });
    const types = Object.keys(page.types);
    const { words, hash } = namesOf(card.id, page);
    return [
      h(
        "p",
        {},
        "This is a small model: it knows ",
        h("a", { href: addressOf(`/models${hash}`) }, words),
        ` (${types.join(", ")})`,
        name && `, and “${name}” is none of them`,
        ".",
        bigger && [
          " What a bigger one needs stands under ",
          h("a", { href: addressOf(`/models#model=${bigger.id}`) }, "Models"),
          ".",
        ],
      ),
      asked.length > 0 &&
      h(
        "p",
        { class: "what-it-is-asks" },
        h("span", {}, page.near.length ? "Did you mean" : "It can be asked about"),
        asked.map((one) =>
          h("button", { class: "button", type: "button", title: one.prompt, onclick: () => ask(one.prompt) }, one.name)
        ),
      ),
    ];
  }
}
