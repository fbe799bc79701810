// What the page says of a recording, for who says the same elsewhere.

import { circuitClaim, outcomeOf, testClaim } from "../../../static/circuit/claim.js";
import { newGraph, reduceGraph, sideOf, sidesOf } from "../../../static/circuit/graph.js";

export function toldClaims(frames) {
  const graph = frames.reduce(reduceGraph, newGraph(null));
  return {
    claim: circuitClaim(graph),
    outcomes: sidesOf(graph).map((side) => outcomeOf(graph, sideOf(graph, side).m, sideOf(graph, side).top[0])),
    defaults: graph.defaults.flatMap(({ test }) => sidesOf(graph).map((side) => testClaim(graph, test, side))),
  };
}
