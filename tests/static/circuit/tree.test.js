import { leadsOf } from "/static/circuit/columns/tree.js";
import { arrowOn } from "/static/circuit/graph.js";
import assert from "../assert.js";
import { graphOf } from "./frames.js";

const lines = (leads) => leads.flatMap(({ group, into }) => [group.id, ...lines(into)]);

Deno.test("each arrow outside its band is told once, also where groups act on each other in a ring", () => {
  const one = graphOf();
  const ring = { ...one, arrows: [...one.arrows, { ...one.arrows[0], source: "g2", target: "g1" }] };
  for (const graph of [one, ring]) {
    const solid = graph.arrows.map((arrow) => arrowOn(graph, arrow, "a")).filter((arrow) => arrow.solid);
    assert.equal(lines(leadsOf(graph, "a")).length, solid.length);
  }
});

Deno.test("what acts on the outcome comes first, by how much, with what acts on it below", () => {
  const [first, second] = leadsOf(graphOf(), "a");
  assert.deepEqual([first.group.id, second.group.id, second.inhibits], ["g1", "g2", true]);
  assert.deepEqual([first.into.length, second.into.map(({ group }) => group.id)], [0, ["g1"]]);
});
