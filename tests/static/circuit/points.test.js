import {
  chosenOf,
  nearestPoint,
  nodeAt,
  nodeId,
  pointBy,
  pointsOf,
  turnedPoints,
  turnRequests,
  whoseOf,
} from "/static/circuit/points.js";
import assert from "../assert.js";
import { graphOf, REQUEST } from "./frames.js";

const graph = graphOf();
const chosen = chosenOf(graph, "g1");

Deno.test("without a worker the slider stands where the recording measured: own, the other's, off", () => {
  assert.deepEqual(pointsOf(graph, chosen, "a").map(({ x, m }) => [x, m]), [[0, -7], [1, 2]]);
  assert.deepEqual(pointsOf(graph, chosen, "b").map(({ x, m }) => [x, m]), [[-1, 3.5], [0, 8], [1, 4]]);
});

Deno.test("a band is where m lands, as m is", () => {
  const { control } = pointsOf(graph, chosen, "a")[1];
  assert.deepEqual([control.n, control.low, control.high], [16, -7.2, -6.7]);
});

Deno.test("arrows are gauges where the group has the other's values", () => {
  const { gauges } = pointsOf(graph, chosen, "a")[1];
  assert.deepEqual([...gauges], [["g1", 1], ["g2", 0.66]]);
});

Deno.test("a turn asks for both halves of the slider, and its answers stand in order", () => {
  const asked = turnRequests(graph, chosen, "a");
  assert.deepEqual(asked.map(({ request: { mode, group, side } }) => [mode, group, side]), [
    ["scale", "g1", "a"],
    ["toward", "g1", "a"],
  ]);
  const answers = asked.map(({ request, at }) => {
    const { strengths } = request;
    const all = (value) => strengths.map(() => value);
    return {
      at,
      turned: {
        m: strengths,
        predicted: all(0),
        control: all(null),
        top: all(null),
        refuses: all(0.5),
        gauges: [{ group: "g1", moved: all(0.5) }],
      },
    };
  });
  const points = pointsOf(graph, chosen, "a", turnedPoints(answers));
  const xs = points.map(({ x }) => x);
  assert.deepEqual(xs, [...xs].sort((a, b) => a - b));
  assert.deepEqual([xs[0], xs.at(-1)], [-1, 2]);
  assert.equal(points.find(({ x }) => x === 0).m, -7, "as it is was measured with the circuit");
  assert.equal(points.find(({ x }) => x === -0.5).m, 0.5, "half of its own value");
});

Deno.test("of one prompt alone there is nothing to go towards: the slider scales", () => {
  const start = { ...graph.start, request: { ...REQUEST, beside: null }, sides: [graph.start.sides[0]] };
  const asked = turnRequests({ ...graph, start }, chosen, "a");
  assert.deepEqual(asked.map(({ request }) => request.mode), ["scale"]);
});

Deno.test("a node is found again in another recording of its question; one that is gone is not", () => {
  const id = nodeId(graph.nodes[2]);
  assert.equal(id, "sae:2:1:2");
  assert.equal(chosenOf(graph, id).node, graph.nodes[2]);
  assert.equal(chosenOf(graph, "sae:9:9:9"), null);
  assert.equal(chosenOf(graph, "pins", [id, "sae:9:9:9"]).nodes.length, 1);
});

Deno.test("a checked node turns to what was measured, without a band that nobody made", () => {
  const [own, other] = pointsOf(graph, chosenOf(graph, "sae:2:1:2"), "a");
  assert.deepEqual([own.m, other.m, other.predicted, other.control], [-7, 1, 2, null]);
});

Deno.test("a key goes to what was measured next, a drag to what was measured nearest", () => {
  const points = [-1, 0, 1].map((x) => ({ ...pointsOf(graph, chosen, "a")[0], x }));
  const to = (x, key) => pointBy(points, x, key)?.x;
  assert.deepEqual([to(0, "ArrowRight"), to(0, "ArrowLeft"), to(1, "ArrowUp"), to(-1, "Home"), to(-1, "End")], [
    1,
    -1,
    1,
    -1,
    1,
  ]);
  assert.equal(pointBy(points, 0, "Tab"), null);
  assert.equal(nearestPoint(points, 0.4).x, 0);
});

Deno.test("the slider's end is called by one word where that tells the names apart, else the other's", () => {
  const called = (a, b, found = "world") => {
    const sides = [a, b].map((text, i) => ({ ...graph.start.sides[i], entity: { text, found } }));
    return whoseOf({ ...graph, start: { ...graph.start, sides } }, "b");
  };
  assert.equal(called("Michael Jordan", " Michael Batkin"), "Batkin’s");
  assert.equal(called("Bohemian Rhapsody", "Velvet Rhapsody"), "the other’s");
  assert.equal(called("Who am I?", "Why is the sky blue?", "whole_prompt"), "the other’s");
  assert.equal(called("Jo", "Jo"), "the other’s");
  assert.equal(called("Jo", "St. Kilda!"), "Kilda’s");
});

Deno.test("the same push has the recording's random pushes, whatever a turn could afford", () => {
  const point = { m: 3, predicted: 2, top: null, refuses: 0.5, gauges: new Map() };
  const more = [{ ...point, x: 1, control: null }, { ...point, x: 2, control: { n: 8, low: 0, high: 1 } }];
  assert.deepEqual(pointsOf(graph, chosen, "a", more).map(({ x, control }) => [x, control?.n]), [
    [0, undefined],
    [1, 16],
    [2, 8],
  ]);
});

Deno.test("a node that is asked for without its token is the strongest of its places", () => {
  const at = (column, effect) => ({ kind: "mlp", layer: 2, index: 7, column, effect });
  const graph = { nodes: [at(3, 0.1), at(4, -0.9), { ...at(5, 3), index: 70 }] };
  assert.equal(nodeAt(graph, "mlp:2:7").column, 4);
  assert.equal(nodeAt(graph, "mlp:2:7:3").column, 3);
  assert.equal(nodeAt(graph, "mlp:2:8"), null);
});
