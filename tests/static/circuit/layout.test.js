import { arrowPaths, groupLayout, neighbour, nodeLayout } from "/static/circuit/columns/layout.js";
import assert from "../assert.js";

const ROLES = ["which_name", "not_recognised", "recognised", "cant_answer", "say_answer", "end_neither", "rest"];
const GROUPS = ROLES.map((role) => ({ id: role, role }));

const overlap = (p, q) => p.x < q.x + q.width && q.x < p.x + p.width && p.y < q.y + q.height && q.y < p.y + p.height;

Deno.test("no box lies on another or outside the column, at any width", () => {
  for (const width of [280, 344, 430, 620]) {
    const { boxes, outcome, height } = groupLayout(GROUPS, width);
    assert.equal(boxes.size, 7);
    const all = [outcome, ...boxes.values()];
    for (const [i, p] of all.entries()) {
      assert.ok(p.x >= 0 && p.x + p.width <= width + 0.01 && p.y + p.height <= height + 0.01);
      for (const q of all.slice(i + 1)) assert.ok(!overlap(p, q), `${width}: ${JSON.stringify([p, q])}`);
    }
  }
});

Deno.test("rows stand nearer where there is less room, and never so near that no arrow can be read", () => {
  const loose = groupLayout(GROUPS, 430);
  assert.equal(groupLayout(GROUPS, 430, loose.height).height, loose.height);
  const less = groupLayout(GROUPS, 430, loose.height - 40);
  assert.ok(Math.abs(less.height - (loose.height - 40)) < 0.01);
  const { boxes, outcome, height } = groupLayout(GROUPS, 430, 10);
  const rows = [outcome, boxes.get("cant_answer"), boxes.get("recognised"), boxes.get("rest")];
  rows.slice(1).forEach((row, i) => assert.ok(row.y - (rows[i].y + rows[i].height) >= 26));
  assert.equal(height, rows[3].y + rows[3].height);
});

Deno.test("what comes first in the model stands lowest, and the outcome on top", () => {
  const { boxes, outcome } = groupLayout(GROUPS, 430);
  const y = (id) => boxes.get(id).y;
  assert.ok(outcome.y < y("cant_answer") && y("cant_answer") < y("recognised") && y("recognised") < y("which_name"));
});

Deno.test("a group that is missing leaves no hole, and one alone stands in the middle", () => {
  const { boxes } = groupLayout([{ id: "x", role: "recognised" }], 400);
  const { x, width } = boxes.get("x");
  assert.equal(x + width / 2, 200);
});

Deno.test("an arrow ends at its target, and numbers don't cover each other", () => {
  const layout = groupLayout(GROUPS, 430);
  const arrows = [
    ["which_name", "recognised"],
    ["not_recognised", "cant_answer"],
    ["not_recognised", "say_answer"],
    ["recognised", "cant_answer"],
    ["recognised", "say_answer"],
    ["not_recognised", null],
    ["recognised", null],
    ["say_answer", null],
  ].map(([source, target]) => ({ source, target, share: 0.5 }));
  const paths = arrowPaths(layout, arrows, 430);
  paths.forEach(({ end }, i) => {
    const box = arrows[i].target === null ? layout.outcome : layout.boxes.get(arrows[i].target);
    const near = end.x >= box.x - 4 && end.x <= box.x + box.width + 4 && end.y >= box.y - 4 &&
      end.y <= box.y + box.height + 4;
    assert.ok(near, JSON.stringify({ end, box }));
  });
  paths.forEach(({ label: p }, i) =>
    paths.slice(i + 1).forEach(({ label: q }) => assert.ok(Math.abs(p.x - q.x) > 20 || Math.abs(p.y - q.y) > 12))
  );
});

const nodes = Array.from({ length: 60 }, (_, number) => ({
  number,
  layer: number % 3,
  column: [2, 3, 9][number % 5 % 3],
  effect: number / 10,
}));

Deno.test("tokens that hold no node are folded, and nodes stand at their layer", () => {
  const { at, spans, rows } = nodeLayout(nodes, {
    n_columns: 12,
    layers: [0, 1, 2],
    width: 430,
    height: 400,
    gap: 10,
  });
  assert.deepEqual(spans.map(({ first, last, folded }) => [first, last, folded]), [
    [0, 1, true],
    [2, 2, false],
    [3, 3, false],
    [4, 8, true],
    [9, 9, false],
    [10, 11, true],
  ]);
  assert.ok(rows[0].y > rows[2].y, "the first layer is lowest");
  assert.equal(at.size, 60);
  for (const { number, column } of nodes) {
    const { x } = at.get(number);
    const span = spans.find(({ first, folded }) => first === column && !folded);
    assert.ok(x >= span.x && x <= span.x + span.width);
  }
});

Deno.test("the area of a node follows its effect", () => {
  const two = [{ number: 0, layer: 0, column: 0, effect: 1 }, { number: 1, layer: 1, column: 0, effect: -4 }];
  const { at } = nodeLayout(two, { n_columns: 1, layers: [0, 1], width: 200, height: 100, gap: 40 });
  assert.ok(at.get(1).r > at.get(0).r);
});

Deno.test("an arrow key leads to the nearest in its direction, and nowhere beyond the edge", () => {
  const places = new Map([["a", { x: 0, y: 0 }], ["b", { x: 50, y: 4 }], ["c", { x: 48, y: 90 }]]);
  assert.equal(neighbour(places, "a", "ArrowRight"), "b");
  assert.equal(neighbour(places, "b", "ArrowDown"), "c");
  assert.equal(neighbour(places, "a", "ArrowLeft"), null);
});
Deno.test("numbers have room of their own on the narrowest column too, however many arrows there are", () => {
  const layout = groupLayout(GROUPS, 280);
  const low = ["which_name", "rest", "not_recognised", "recognised"];
  const high = ["not_recognised", "recognised", "cant_answer", "say_answer", "end_neither", null];
  const arrows = low.flatMap((source) => high.map((target) => ({ source, target, share: 0.5 }))).filter((
    { source, target },
  ) => target === null || layout.boxes.get(target).y < layout.boxes.get(source).y);
  const labels = arrowPaths(layout, arrows, 280).map(({ label }) => label);
  const hit = labels.flatMap((p, i) =>
    labels.slice(i + 1).filter((q) => Math.abs(p.x - q.x) < 20 && Math.abs(p.y - q.y) < 10)
  );
  assert.equal(hit.length, 0);
});
