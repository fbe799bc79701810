import { firingNow, firingText, inRoom, isQuiet } from "/static/circuit/firing.js";
import assert from "../assert.js";
import { graphOf } from "./frames.js";

const graph = graphOf();
const [group] = graph.groups; // node 2 alone: silent on a, 18.9 on b
const both = { ...group, members: [2, 0] }; // and one that fires 2 on a

Deno.test("a group whose leading node is silent says what else fires, and is silent only where none does", () => {
  assert.deepEqual(["a", "b"].map((side) => firingText(graph, group, side)), ["silent", "fires 18.9"]);
  assert.deepEqual(["a", "b"].map((side) => firingText(graph, both, side)), ["others fire 2.00", "fires 18.9"]);
  assert.deepEqual([group, both].map((one) => isQuiet(graph, one, "a")), [true, false]);
  assert.equal(firingText(graph, { ...group, members: [] }, "a"), "", "none is told");
});

const at = (x, gauges) => ({ x, gauges: gauges && new Map(gauges) });

Deno.test("while a group is turned its box says what it is set to, and the others how far they moved", () => {
  const now = (one, side, point) => firingNow(graph, one, side, { point, select: "g1", test: null });
  assert.deepEqual(now(group, "a", at(0.5, [])), { text: "set to 9.45", moved: "", silent: false });
  assert.deepEqual(now(group, "b", at(-1, null)), { text: "silenced", moved: "", silent: true });
  const [, recognised] = graph.groups;
  assert.deepEqual(now(recognised, "a", at(1, [["g2", 0.63]])), {
    text: "was 12.0",
    moved: "moved 63 %",
    silent: false,
  });
  assert.deepEqual(now(recognised, "b", at(1, [["g2", 0.63]])), {
    text: "was silent",
    moved: "moved 63 %",
    silent: false,
  });
  assert.deepEqual(now(recognised, "a", at(-1, null)), { text: "was 12.0", moved: "", silent: false });
  assert.equal(now(recognised, "a", at(0, [])).text, "fires 12.0");
  assert.equal(now(recognised, "a", null).text, "fires 12.0", "the other prompt is turned");
});

Deno.test("under a test, which measures m alone, each box says what it was", () => {
  const now = firingNow(graph, group, "b", { point: null, select: "g1", test: "recognition_off" });
  assert.equal(now.text, "was 18.9");
});

Deno.test("where a box is narrow a word is cut, never a number", () => {
  const brief = (text) => [400, 140, 90, undefined].map((width) => inRoom(text, width));
  assert.deepEqual(brief("others fire 10.6"), ["others fire 10.6", "others 10.6", "10.6 others", "others fire 10.6"]);
  assert.deepEqual(brief("fires 5.73").slice(1, 3), ["fires 5.73", "5.73 fires"]);
  assert.equal(inRoom("silent", 90), "silent");
});
