import {
  aimOf,
  circuitClaim,
  circuitTitle,
  leading,
  mText,
  outcomeOf,
  shareOf,
  testClaim,
  turnVerdict,
} from "/static/circuit/claim.js";
import { MAX_TITLE_CHARACTERS, TURN_VERDICTS } from "/static/core/protocol.js";
import { percent } from "/static/core/format.js";
import { isBeyond } from "/static/circuit/graph.js";
import { sharesOf } from "/static/circuit/strip.js";
import { circuitSteps } from "/static/circuit/tour.js";
import assert from "../assert.js";
import { FRAMES, graphOf } from "./frames.js";

Deno.test("the claim says what turned, from what to what, with its control in the same sentence", () => {
  assert.equal(
    circuitClaim(graphOf()),
    "Jo: “Not recognised” is silent, and fires 18.9 on Bo. Set as on Bo, m goes from −7.00 to +2.00: it refuses; " +
      "16 random pushes of that size reach −7.20 to −6.70; the other way, +8.00 to +4.00 and it " +
      "still refuses; random +7.60 to +8.10.",
  );
});

Deno.test("what explains the prompt that was asked about leads, and the other way is told where that turns", () => {
  assert.equal(
    circuitClaim(graphOf(), "b"),
    "Bo: “Not recognised” fires 18.9 and is silent on Jo. Set as on Jo, m goes from +8.00 to +4.00, 27 % of the gap; " +
      "16 random pushes of that size reach +7.60 to +8.10; the other way, −7.00 to +2.00: it refuses; " +
      "random −7.20 to −6.70.",
  );
  assert.equal(circuitClaim(graphOf(), "a"), circuitClaim(graphOf()));
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
    off_b: null,
  }));
  assert.equal(circuitClaim({ ...graphOf(), groups }), "");
  assert.equal(circuitClaim(graphOf(FRAMES.slice(0, 4))), "");
});

Deno.test("nothing is claimed, nor drawn as beyond, beside too few random directions", () => {
  const graph = graphOf();
  const few = (own) => own && { ...own, control: own.control && { ...own.control, n: 5 } };
  const groups = graph.groups.map((group) => ({
    ...group,
    to_other_a: few(group.to_other_a),
    to_other_b: few(group.to_other_b),
    off_a: few(group.off_a),
    off_b: few(group.off_b),
  }));
  assert.equal(circuitClaim({ ...graph, groups }), "");
  assert.deepEqual([5, 6].map((n) => isBeyond(3, { n, low: -1, high: 1 })), [false, true]);
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

Deno.test("a turn is told as one only outside the band, where the first token is another and no coin toss", () => {
  const graph = graphOf();
  const [refuses, answers] = [{ prob: 0.9, opens_refusal: true }, { prob: 0.9, opens_refusal: false }];
  const control = { n: 16, low: -7.4, high: -6.6 };
  const at = (point) => turnVerdict(graph, "a", { x: 1, m: 2, control, top: refuses, ...point });
  for (
    const [words, point] of [
      [TURN_VERDICTS.turns, {}],
      [TURN_VERDICTS.own, { x: 0, m: -7 }],
      [TURN_VERDICTS.nothing, { m: -7, top: answers }],
      [TURN_VERDICTS.inside, { m: -6.7, top: answers }],
      [TURN_VERDICTS.inside, { m: 0.1, control: { n: 16, low: -8, high: 3 } }],
      [TURN_VERDICTS.undecided, { m: 0.1 }],
      [TURN_VERDICTS.undecided, { top: { prob: 0.55, opens_refusal: true } }],
      [TURN_VERDICTS.elsewhere, { top: answers }],
      [TURN_VERDICTS.stays, { m: -3, top: answers }],
      [TURN_VERDICTS.alone, { control: null }],
      [TURN_VERDICTS.few, { control: { ...control, n: 1 } }],
    ]
  ) assert.equal(at(point), words);
});

Deno.test("without a gap no group has a share of it", () => {
  const graph = graphOf();
  const [a, b] = graph.start.sides;
  const both = { ...graph, start: { ...graph.start, sides: [{ ...a, m: 8.4 }, b] } };
  assert.deepEqual([graph, both].map((one) => shareOf(one, one.groups[0])), [0.4, null]);
  assert.deepEqual([graph, both].map((one) => sharesOf(one).shown.length), [2, 0]);
});

Deno.test("what is too small to print has no sign", () => {
  assert.deepEqual([0.0004, -0.0004, 0, 0.5, -2].map(mText), ["≈ 0", "≈ 0", "0", "+0.500", "−2.00"]);
});

Deno.test("what nobody names is called by what turned it: no sentence of its claim, and no word is cut", () => {
  const graph = graphOf();
  const title = circuitTitle(graph);
  assert.equal(title, "Jo: with “Not recognised” as on Bo, it refuses");
  assert.ok(!circuitClaim(graph).startsWith(title));
  const named = (text) => ({ ...graph.start.sides[0], entity: { ...graph.start.sides[0].entity, text } });
  const long = { ...graph, start: { ...graph.start, sides: [named("Anna ".repeat(40)), graph.start.sides[1]] } };
  assert.match(circuitTitle(long), /^(Anna )+Anna…$/);
  assert.ok(circuitTitle(long).length <= MAX_TITLE_CHARACTERS);
  assert.match(circuitTitle({ ...graph, groups: [] }), /^Jo beside Bo: what leads to the answer$/);
});

Deno.test("what acts on m is told by what m goes up with, not by what is said", () => {
  const graph = graphOf();
  const of = (kind, target) => ({
    start: { ...graph.start, request: { ...graph.start.request, target: { kind } }, target },
  });
  const { up, against } = graph.start.target;
  assert.equal(aimOf(graph), "refusing");
  assert.equal(aimOf(of("tokens", { up, against })), `saying “${up.text.trim()}”`);
  assert.equal(aimOf(of("reading", { up: null, against: null, reads: "L2 #1" })), "L2 #1");
});
