// What one prompt alone can't show, and whose name could stand beside it: the examples' other kind. Knows no form: how a
// name is put there comes with it.

import { h } from "../../core/dom.js";

const OFFERED = 3;

/**
 * The prompt with another name in it, for each kind of example: a known name where this one is refused, else an unknown
 * one; its own partner first. @returns {{ name: string, prompt: string }[]} none where it holds no name
 */
export function namesBeside(card, { prompt, name, refuses }) {
  const role = refuses ? "known" : "unknown";
  const groups = card?.examples ?? [];
  const own = groups.findIndex((examples) => examples.some((one) => one.prompt === prompt));
  const ordered = own < 0 ? groups : [groups[own], ...groups.filter((_, i) => i !== own)];
  const at = name ? prompt.lastIndexOf(name) : -1;
  if (at < 0) return [];
  return ordered.map((examples) => examples.find((one) => (one.story ?? one.role) === role)).filter(Boolean)
    .filter((one) => one.name !== name).slice(0, OFFERED)
    .map((one) => ({ name: one.name, prompt: prompt.slice(0, at) + one.name + prompt.slice(at + name.length) }));
}

/** `state` has partners: { name, ask }[], what the page can put beside. */
export function aloneLine(state) {
  const partners = state.get("partners");
  return h(
    "p",
    { class: "row wrap tight groups-alone note" },
    h("span", {}, "One prompt alone: each group is taken away by itself. Arrows and bars compare two prompts."),
    partners.length > 0 && h("span", {}, "Put beside it:"),
    partners.map(({ name, ask }) => h("button", { type: "button", class: "chip", onclick: ask }, name)),
  );
}
