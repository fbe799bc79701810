// One token in numbers: the one under the pointer or the focus, else the selected one, else the last of the name.
// From `start`, `prompt` and `step`, and `look` for ranks. It writes only what changed.

import { fill, h, mark } from "../../core/dom.js";
import { door, withDoors } from "../../core/term.js";
import { sig3 } from "../../core/format.js";
import { watches } from "../names.js";
import { rankAt } from "../latents/rank.js";
import { armAt } from "../run.js";
import { alikeUpTo, readingAt, selectedIn, sequence, whereOf } from "../sequence.js";
import { barInWords } from "../risk/risk.js";
import { coloured } from "./colours.js";

const ROOM = 8; // latents; more of them scroll

export function tokenFocus(element, state) {
  const name = h("b", { class: "mono" });
  const where = h("span", { class: "note" });
  const list = h("dl", { class: "focus-latents" });
  const chance = h("span");
  const odds = h("span", { class: "more" });
  let rows = [];
  const risk = h("p", { class: "note focus-risk" });
  fill(element, h("p", {}, name, where), list, h("p", { class: "note focus-odds" }, chance, odds), risk);
  const offs = [
    state.on(["run", "card"], build),
    state.on(["run", "steer", "card", "hover", "token", "colour", "look", "strip"], draw),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function build() {
    const latents = watches(state.get("run"), state.get("card"));
    const spelled = JSON.stringify(latents);
    if (list.dataset.list === spelled) return;
    list.dataset.list = spelled;
    rows = latents.map(({ role, short, label }) => {
      const [value, rank] = [h("span", { class: `as-${role}` }), h("span", { class: "note rank" })];
      const item = h("div", { title: label }, h("dt", {}, mark(role), short), h("dd", {}, value, " ", rank));
      return { item, value, rank };
    });
    fill(list, ...rows.map(({ item }) => item));
    if (rows.length <= ROOM) { for (const name of SCROLLS) list.removeAttribute(name); }
    else for (const [name, value] of Object.entries(SCROLLED)) list.setAttribute(name, value);
  }

  function draw() {
    const run = state.get("run");
    element.classList.toggle("waits", !run?.prompt);
    if (!run?.prompt) return;
    const arm = armAt(run, state.get("steer"));
    const places = sequence(run, arm);
    const place = places[state.get("hover")] ?? places[selectedIn(run, arm, state.get("token"))];
    write(name, place.name);
    write(where, ` token ${place.pos} · ${whereOf(run, place)}`);
    const now = coloured(state)?.index;
    const latents = watches(run, state.get("card"));
    rows.forEach(({ item, value, rank }, i) => {
      item.classList.toggle("now", i === now);
      const [before, after] = beforeAfter(run, arm, i, place.pos);
      write(value, valueInWords(before, after));
      write(rank, (after ?? before) ? rankAt(state, latents[i].target, place.pos, arm !== 0) : "");
    });
    const [p, ...more] = oddsInWords(place, arm);
    write(chance, p, pWithDoor);
    write(odds, more.join(""), withDoors);
    const told = place.role === "answer" && state.get("strip") !== false;
    write(risk, told ? barInWords(run, arm, place.pos - run.start.tokens.length) : "", withDoors);
  }
}

/** A watched latent at a place, untouched and as shown; null where it isn't read, or the answers differ by then. */
export function beforeAfter(run, arm, watch, pos) {
  const alike = arm < 0 || pos < alikeUpTo(run, 0, arm);
  return [alike ? readingAt(run, 0, watch, pos) : null, arm > 0 ? readingAt(run, arm, watch, pos) : null];
}

/** "15.4", "0 → 33.6", "–" where nothing was read. */
export function valueInWords(before, after) {
  const known = [before, after].filter((value) => value !== null);
  return [...new Set(known.map(sig3))].join(" → ") || "–";
}

/** The token's probability in percent, "–" without odds. */
export function percent(odds) {
  if (!odds) return "–";
  const p = Math.exp(odds.logprob);
  return `${p > 0.9995 && p < 1 ? "> 99.9" : sig3(100 * p)} %`;
}

function oddsInWords({ pos, role, odds }, arm) {
  if (!odds) return [pos ? "" : "the first token: nothing stands before it"];
  const entropy = typeof odds.entropy_nats === "number" ? ` · entropy ${sig3(odds.entropy_nats)} nats` : "";
  const whose = role !== "answer" && arm ? " · baseline" : "";
  return [`p ${percent(odds)}`, ` · log p ${sig3(odds.logprob)} nats`, entropy, whose];
}

const pWithDoor = (text) => text.startsWith("p ") ? [door("logprob", "p"), text.slice(1)] : text;

const SCROLLED = { tabindex: "0", role: "region", "aria-label": "Watched latents at this token" };
const SCROLLS = Object.keys(SCROLLED);

function write(element, text, drawn = (words) => words) {
  if (element.textContent !== text) fill(element, drawn(text));
}
