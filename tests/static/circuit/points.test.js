import { chosenOf, nodeId, pointsOf, turnedPoints, turnRequests } from "/static/circuit/points.js";
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
