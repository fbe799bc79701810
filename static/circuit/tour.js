// Five sentences on how a circuit is read, for who asks: each beside what it speaks of.

import { stepsTour } from "../parts/tour.js";
import { gapOf, sidesOf, whoIs } from "./graph.js";
import { mText } from "./claim.js";

/** @returns {{ at: string, title: string, text: string }[]} at: the id of what a step speaks of */
export function circuitSteps(graph) {
  const pair = graph?.start && sidesOf(graph).length > 1;
  return [
    {
      at: "claim",
      title: "What was measured, with its control.",
      text: pair
        ? `${whoIs(graph, "a")} and ${whoIs(graph, "b")} are ${mText(Math.abs(gapOf(graph)))} logits apart.`
        : "",
    },
    { at: "drawing", title: "Groups of latents, from the name up to what is said.", text: "Dotted: did not fire." },
    {
      at: "drawing",
      title: "Arrows are measured.",
      text: "One group is set to the other prompt’s values; the number says how far its target follows.",
    },
    {
      at: "turn",
      title: "Press a group, then drag.",
      text: "What the graph predicts stands beside what the model does, in the band of random pushes.",
    },
    {
      at: "trust",
      title: "How far this can be trusted.",
      text: "What is not shown, what no dictionary reads, what was checked.",
    },
  ];
}

export const circuitTour = (element, state, again) => stepsTour(element, again, () => circuitSteps(state.get("graph")));
