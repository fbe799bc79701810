import { circuitClaim, leading, outcomeOf, percent, testClaim } from "/static/circuit/claim.js";
import { circuitSteps } from "/static/circuit/tour.js";
import assert from "../assert.js";
import { FRAMES, graphOf } from "./frames.js";

Deno.test("the claim says what turned, from what to what, with its control in the same sentence", () => {
  assert.equal(
    circuitClaim(graphOf()),
    "Jo: “Not recognised” is silent, and fires 18.9 on Bo. Set as on Bo, m goes from −7.00 to +2.00: it refuses; " +
      "16 random pushes of that size reach −7.20 to −6.70.",
  );
});

Deno.test("what turns an answer leads, before what moves m farther and turns none", () => {
  const { side, group } = leading(graphOf());
  assert.deepEqual([side, group.id], ["a", "g1"]);
});

Deno.test("nothing is claimed without random directions beside it", () => {
  const groups = graphOf().groups.map((group) => ({
    ...group,
    to_other_a: group.to_other_a && { ...group.to_other_a, control: null },
    to_other_b: null,
  }));
  assert.equal(circuitClaim({ ...graphOf(), groups }), "");
  assert.equal(circuitClaim(graphOf(FRAMES.slice(0, 4))), "");
});

Deno.test("a default test names its control, and says where it has none", () => {
  assert.match(testClaim(graphOf(), "recognition_off", "a"), /m goes from −7.00 to \+1.20: it refuses; 16 random/);
  const graph = graphOf();
  const defaults = graph.defaults.map((one) => ({ ...one, control: [null, null] }));
  assert.match(testClaim({ ...graph, defaults }, "recognition_off", "a"), /no random push/);
  assert.equal(testClaim(graph, "name_hidden", "a"), "");
});

Deno.test("of two tokens an m says which comes, of a reading how much", () => {
  const graph = graphOf();
  const of = (kind, target) => ({
    start: { ...graph.start, request: { ...graph.start.request, target: { kind } }, target },
  });
  const { up, against } = graph.start.target;
  assert.equal(outcomeOf(graph, 1), "refuses");
  assert.equal(outcomeOf(of("tokens", { up, against }), -1), "says “It”");
  assert.equal(outcomeOf(of("reading", { up: null, against: null, reads: "L2 #1" }), 2.5), "reads 2.50");
});

Deno.test("a share that is too small to print is not nought", () => {
  assert.deepEqual([0, 0.004, 0.33, -0.33].map((x) => percent(x)), ["0 %", "< 1 %", "33 %", "−33 %"]);
});

Deno.test("the tour has five sentences, also before a circuit is there", () => {
  assert.equal(circuitSteps(graphOf()).length, 5);
  assert.equal(circuitSteps(null).length, 5);
});
