import { together } from "/static/run/answers/together.js";
import assert from "../../assert.js";

// As much of a box as scrolls: a browser keeps scrollTop within what there is, and says so when it moved.
function box(height) {
  let top = 0;
  const element = new EventTarget();
  const within = (to) => Math.max(0, Math.min(to, element["scrollHeight"] - element["clientHeight"]));
  Object.assign(element, { scrollHeight: height, clientHeight: 100 });
  Object.defineProperty(element, "scrollTop", {
    get: () => within(top),
    set(to) {
      const before = within(top);
      top = within(to);
      if (top !== before) element.dispatchEvent(new Event("scroll"));
    },
  });
  return /** @type {any} */ (element);
}

const linked = (...heights) => {
  const group = together();
  const boxes = heights.map(box);
  boxes.forEach(group.add);
  return { group, boxes, tops: () => boxes.map(({ scrollTop }) => scrollTop) };
};

Deno.test("what is scrolled in one box is scrolled in all, as far as each reaches", () => {
  const { boxes, tops } = linked(500, 500, 150);
  boxes[0].scrollTop = 200;
  assert.deepEqual(tops(), [200, 200, 50]);
  boxes[1].scrollTop = 30;
  assert.deepEqual(tops(), [30, 30, 30]);
});

Deno.test("a box that reaches less far does not pull the others back", () => {
  const { group, boxes, tops } = linked(500, 150);
  boxes[0].scrollTop = 300;
  boxes[1].dispatchEvent(new Event("scroll"));
  assert.deepEqual(tops(), [300, 50]);
  boxes[1].scrollHeight = 500; // another, longer answer
  group.settle(boxes[1]);
  assert.deepEqual(tops(), [300, 300]);
});

Deno.test("an answer that grows keeps its newest in sight, and whole answers are read from their start", () => {
  const { group, boxes, tops } = linked(300, 120);
  group.show(boxes[0].scrollHeight);
  assert.deepEqual(tops(), [200, 20]);
  group.show(0);
  assert.deepEqual(tops(), [0, 0]);
});
