// The ways from neurons to where they are turned: a slider in Explore, a node in Circuit. Pure.

import { addressOf } from "../../core/root.js";
import { writeCircuit } from "../../parts/circuit_address.js";
import { exploreAddress } from "../slider_link.js";

/** One as a neuron, several as a set with a name. @param {[number, number][]} pairs layer and index @param {string} name */
export function asSlider(pairs, name, card) {
  const [[layer, index]] = pairs;
  const target = pairs.length === 1 ? { kind: "neuron", layer, index } : { kind: "neurons", neurons: pairs, name };
  return addressOf(`/${exploreAddress([target], card)}`);
}

/** The card's first two examples by their neurons, this one chosen; null where the card has none. @param {[number, number]} pair */
export function asNode([layer, index], card) {
  const [a, b] = card?.examples?.[0] ?? [];
  if (!a) return null;
  const request = { prompt: a.prompt, beside: b && { prompt: b.prompt }, basis: "neurons" };
  return addressOf(`/circuit${writeCircuit(request, { view: "latents", select: `mlp:${layer}:${index}` })}`);
}
