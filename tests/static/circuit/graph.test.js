import {
  arrowOn,
  edgesOf,
  gapOf,
  groupsAreIn,
  isSilent,
  nodesAbove,
  reduceGraph,
  strongest,
  whoIs,
} from "/static/circuit/graph.js";
import assert from "../assert.js";
import { FRAMES, graphOf } from "./frames.js";

Deno.test("what leads waits for the last group, or for the stream's end", () => {
  const at = FRAMES.findIndex(({ kind }) => kind === "groups");
  const some = { ...FRAMES[at], groups: FRAMES[at].groups.slice(0, 1), n_to_come: 1 };
  const part = reduceGraph(graphOf(FRAMES.slice(0, at)), some);
  assert.deepEqual([part.groups.length, groupsAreIn(part)], [1, false]);
  assert.ok(groupsAreIn({ ...part, phase: "error" }));
  assert.ok(groupsAreIn(reduceGraph(part, FRAMES[at])));
});

Deno.test("nodes are numbered through all their frames, as edges and groups name them", () => {
  const graph = graphOf();
  assert.deepEqual(graph.nodes.map(({ layer, index }) => [layer, index]), [[3, 9], [3, 4], [2, 1], [2, 7]]);
  assert.equal(strongest(graph, graph.groups[0]).index, 1);
  assert.deepEqual(edgesOf(graph, 1, "b").into.map(({ from }) => from), [2, 3]);
  assert.deepEqual(edgesOf(graph, 1, "a").into, []);
});

Deno.test("whoever stops reading has what came: each prefix of the frames is a circuit", () => {
  for (let n = 1; n < FRAMES.length; n++) {
    const graph = graphOf(FRAMES.slice(0, n));
    assert.equal(graph.phase, "running");
    assert.equal(gapOf(graph), -15);
  }
  assert.equal(graphOf().phase, "done");
});

Deno.test("a fold leaves what it was given as it was", () => {
  let graph = graphOf([]);
  for (const frame of FRAMES) {
    const before = structuredClone(graph);
    const next = reduceGraph(graph, frame);
    assert.deepEqual(graph, before);
    graph = next;
  }
});

Deno.test("a latent that rises where the other falls inhibits it; what refuses more is excited by what rises", () => {
  const graph = graphOf();
  const on = (i, side) => arrowOn(graph, graph.arrows[i], side);
  assert.equal(on(0, "a").inhibits, true); // not recognised 0 → 18.9, recognised 12 → 0
  assert.equal(on(1, "a").inhibits, false); // m −7 → 8
  assert.equal(on(2, "a").inhibits, true);
  assert.equal(on(0, "a").solid, true);
  assert.equal(on(0, "b").solid, false); // 0 lies in its band
});

Deno.test("an arrow without random directions beside it is never drawn as an effect", () => {
  const graph = graphOf();
  assert.equal(arrowOn(graph, { ...graph.arrows[0], control_a: null }, "a").solid, false);
});

Deno.test("silent is what fires on the other prompt and not here", () => {
  const graph = graphOf();
  assert.deepEqual(["a", "b"].map((side) => isSilent(graph, graph.nodes[2], side)), [true, false]);
  assert.deepEqual(["a", "b"].map((side) => isSilent(graph, graph.nodes[1], side)), [false, true]);
});

Deno.test("nodes below a share of the gap are hidden, the strongest come first", () => {
  assert.deepEqual(nodesAbove(graphOf(), 0.01).map(({ number }) => number), [2, 1, 3]);
  assert.equal(nodesAbove(graphOf(), 0).length, 4);
});

Deno.test("a side is called by its name, and by its place where both have the same", () => {
  const graph = graphOf();
  assert.deepEqual([whoIs(graph, "a"), whoIs(graph, "b")], ["Jo", "Bo"]);
  const [a] = graph.start.sides;
  const twice = { ...graph, start: { ...graph.start, sides: [a, a] } };
  assert.deepEqual([whoIs(twice, "a"), whoIs(twice, "b")], ["first prompt", "second prompt"]);
});
