// Where a node of a circuit stands in Explore: its latent, and what the model's card calls the slider that pushes it.
// What no dictionary reads has no place there. Pure.

import { addressOf } from "../core/root.js";
import { writeFragment } from "../run/fragment.js";
import { titled } from "../run/names.js";

/** Its card there, with this side's prompt; null where it has none. @param {"a"|"b"} side */
export function inExplore(graph, side, node) {
  const latent = latentOf(graph, node);
  const { request } = graph.start;
  const prompt = side === "b" && request.beside ? request.beside.prompt : request.prompt;
  return latent && addressOf(`/${writeFragment({ prompt, format: request.format, latent })}`);
}

/** The name of the slider that pushes it; null where the card has none, or isn't there. */
export function sliderOf(graph, card, node) {
  const latent = latentOf(graph, node);
  if (!latent) return null;
  const { label, short } = titled(latent, null, card);
  return label === short ? null : label;
}

function latentOf({ start: { dictionaries } }, { kind, layer, index }) {
  const own = dictionaries.find((one) => one.layer === layer);
  return kind === "sae" && own ? { kind: "latent", dictionary: own.id, latent: index } : null;
}
