import { firesAlike } from "/static/circuit/evidence.js";
import { firingNow, firingText, inRoom, isQuiet, overlapWords } from "/static/circuit/firing.js";
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

Deno.test("why shares make no sum is said where they make none", () => {
  const groups = (shares) => ({ ...graph, groups: graph.groups.map((one, i) => ({ ...one, share: shares[i] })) });
  assert.equal(
    overlapWords(groups([0.91, 0.62])),
    "they add up to 153 %, since what passes one group passes the next",
  );
  assert.equal(overlapWords(groups([0.6, 0.4])), "");
  const [a, b] = graph.start.sides;
  const without = { ...groups([0.91, 0.62]), start: { ...graph.start, sides: [{ ...a, m: 8.4 }, b] } };
  assert.equal(overlapWords(without), "", "of no gap nobody has a share");
});

Deno.test("a group that fires on known and unknown names alike says so, whatever its name", () => {
  const rows = (known, unknown) => known.map((share, i) => ({ known: share, unknown: unknown[i] }));
  assert.match(
    firesAlike(rows([1, 1, 0.85, 0.98], [1, 1, 1, 1])),
    /^It fires on nearly every name, 96 % of known and 100 % of unknown ones/,
  );
  assert.match(firesAlike(rows([0.5], [0.4])), /^It fires on both alike, 50 % of known and 40 %/);
  assert.equal(firesAlike(rows([0.02, 0], [0.95, 1])), "");
  assert.equal(firesAlike([]), "");
});
