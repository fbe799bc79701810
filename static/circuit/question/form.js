// The question: two prompts or one, what is explained, read through what. Makes a CircuitRequest of
// protocol/worker/circuits.py; keeps what is typed in its fields. Knows no run.

import { $, fill, h, listen } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";
import { BASES, MAX_PROMPT_CHARACTERS } from "../../core/protocol.js";
import { OPENING } from "../../parts/circuit_address.js";
import { door } from "../../core/term.js";
import { rangeText } from "../strip.js";
import { answerWords } from "./words.js";

const HALF = 0.5;

/**
 * @param {any} state has card, and the channel `opened`: what the address or a recording asks
 * @param {() => void} run
 */
export function circuitForm(form, state, run) {
  const field = form.elements;
  const words = answerWords($("words"), ({ said, up }) => {
    Object.assign(field.said, { value: said });
    Object.assign(field.up, { value: up });
    field.against.value = "";
    run();
  });
  bases();
  const offs = [
    listen(form, "submit", (event) => {
      event.preventDefault();
      run();
    }),
    listen(form, "keydown", (event) => {
      if (keyOf(event) !== "Enter" || event.target.tagName !== "TEXTAREA" || event.shiftKey) return;
      event.preventDefault();
      run();
    }),
    listen(form, "change", ({ target }) => ["target", "prompt", "format"].includes(target.name) && targets()),
    listen(field.basis, "change", misses),
    state.on(["card"], () => {
      examples(state.get("card"));
      bases();
    }),
    state.on(["opened"], () => put(state.get("opened"))),
    state.on(["graph", "health", "card"], asksWords),
    words.drop,
  ];
  for (const prompt of [field.prompt, field.beside]) prompt.maxLength = MAX_PROMPT_CHARACTERS;
  targets();
  return () => offs.forEach((off) => off());

  /** What a request says, in the fields. */
  function put(request) {
    if (!request) return;
    field.prompt.value = request.prompt ?? "";
    field.beside.value = request.beside?.prompt ?? "";
    field.format.value = request.format ?? "chat";
    field.said.value = request.said ?? "";
    bases(request.basis ?? "latents");
    const { kind = "opening", up, against, of } = request.target ?? {};
    field.target.value = kind;
    field.up.value = up ?? "";
    field.against.value = against ?? "";
    field.latent.value = of?.kind === "latent" ? `${of.dictionary} ${of.latent}` : (of?.name ?? "");
    targets();
  }

  // Transcoders where the card has some; and what is asked for all the same, which the worker refuses with what works.
  function bases(asked = field.basis.value || "latents") {
    const has = (name) => name !== "transcoder" || name === asked || state.get("card")?.transcoders?.length;
    const options = Object.entries(BASES).filter(([name]) => has(name));
    fill(field.basis, options.map(([value, words]) => h("option", { value, selected: value === asked }, words)));
    misses();
  }

  // How badly transcoders fit where an answer begins, before anything is drawn with them.
  function misses() {
    const words = field.basis.value === "transcoder" ? missedAtEnd(state.get("card")?.transcoders ?? []) : "";
    fill($("basis-misses"), words && [door("transcoder", "Transcoders"), ` ${words}`]);
  }

  function targets() {
    const kind = field.target.value;
    for (const part of form.querySelectorAll("[data-target]")) {
      part.hidden = !part.dataset.target.split(" ").includes(kind) && !(part.contains(field.said) && field.said.value);
    }
    asksWords();
  }

  // Words to press, once a word is asked about and a worker is there.
  function asksWords() {
    const [card, prompt] = [state.get("card"), field.prompt.value.trim()];
    const wanted = field.target.value === "tokens" && prompt && card && state.get("health")?.ready;
    const { hold = [], entity = null, prompt: read } = state.get("opened") ?? {};
    const named = read === prompt ? entity : null;
    const now = { said: field.said.value, up: field.up.value };
    words.ask(wanted ? { model: card.id, prompt, format: field.format.value, hold, entity: named } : null, now);
  }

  // A pair of each kind of name: the known one beside the unknown one.
  function examples(card) {
    const pairs = (card?.examples ?? []).map((group) => [
      group.find(({ story, role }) => (story ?? role) === "known"),
      group.find(({ story, role }) => (story ?? role) === "unknown"),
    ]).filter(([known, unknown]) => known && unknown);
    fill(
      $("pairs"),
      pairs.map(([known, unknown]) =>
        h(
          "button",
          { type: "button", class: "chip", onclick: () => ask(known.prompt, unknown.prompt) },
          `${known.name} | ${unknown.name}`,
        )
      ),
    );
  }

  function ask(prompt, beside) {
    put({ prompt, beside: { prompt: beside }, format: "chat" });
    run();
  }
}

/** What a card's transcoders miss at the end of its questions, "" where it doesn't say. */
export function missedAtEnd(transcoders) {
  const shares = transcoders.map(({ missed_at_end: share }) => share).filter((share) => share != null);
  if (!shares.length) return "";
  const worst = transcoders.filter(({ missed_at_end: share }) => share > HALF).map(({ layer }) => `L${layer}`);
  return `miss ${rangeText(shares)} of what MLPs write where the answer begins${
    worst.length ? `, more than half in ${worst.join(", ")}` : ""
  }: what they miss counts as error there.`;
}

/** The request that the fields ask; `base`: what they don't say is taken from it. @returns {object|null} null without a prompt */
export function requestOf(form, card, base = null) {
  const field = form.elements;
  const prompt = field.prompt.value.trim();
  if (!prompt || !card) return null;
  const beside = field.beside.value.trim();
  const same = base?.prompt === prompt && (base?.beside?.prompt ?? "") === beside;
  const format = field.format.value;
  return {
    kind: "circuit",
    model: card.id,
    prompt,
    format,
    ...(same && base.entity && { entity: base.entity }),
    beside: beside ? { prompt: beside, ...(same && base.beside?.entity && { entity: base.beside.entity }) } : null,
    said: field.said.value,
    target: targetOf(field, card),
    basis: field.basis.value,
    ...(base?.hold?.length && { hold: base.hold }),
  };
}

/** A target of protocol/worker/circuits.py. */
function targetOf(field, card) {
  switch (field.target.value) {
    case "tokens":
      return { kind: "tokens", up: field.up.value || null, against: field.against.value || null };
    case "reading": {
      const [name, latent] = field.latent.value.trim().split(/[\s#]+/);
      const own = card.dictionaries.find(({ id, layer }) => id === name || `L${layer}` === name);
      if (latent !== undefined) {
        return { kind: "reading", of: { kind: "latent", dictionary: own?.id ?? name, latent: Number(latent) } };
      }
      return { kind: "reading", of: { kind: "vector", name } };
    }
    default:
      return { ...OPENING };
  }
}
