// Where a node of a circuit stands in Explore: its latent, and what the model's card calls the slider that pushes it; a
// neuron as a slider that scales it. What else no dictionary reads has no place there. Pure.

import { addressOf } from "../core/root.js";
import { writeFragment } from "../run/fragment.js";
import { titled } from "../run/names.js";
import { sliderFor, slidersOf, steeringOf } from "../run/steering/sliders.js";

/** Its card there, of a neuron a slider, with this side's prompt; null where it has none. @param {"a"|"b"} side */
export function inExplore(graph, side, node, card = null) {
  const latent = latentOf(graph, node);
  const { request } = graph.start;
  const prompt = side === "b" && request.beside ? request.beside.prompt : request.prompt;
  if (node.kind !== "mlp") return latent && addressOf(`/${writeFragment({ prompt, format: request.format, latent })}`);
  const own = card ? slidersOf(card) : [];
  const sliders = [...own, sliderFor({ kind: "neuron", layer: node.layer, index: node.index }, card)];
  const told = sliders.map((slider) => ({ ...steeringOf(slider), strengths: slider.strengths }));
  return addressOf(`/${writeFragment({ prompt, format: request.format, sliders: told, active: own.length })}`);
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
