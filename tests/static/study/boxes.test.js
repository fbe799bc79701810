import assert from "../assert.js";
import { plotOf } from "/static/study/figures/plots.js";

const NAMES = ["answer", "least", "lower", "median", "upper", "most"];
const figure = (rows) => ({
  columns: NAMES.map((name) => ({ name, unit: "" })),
  plot: { form: "box", x: 0, low: 1, q1: 2, y: 3, q3: 4, high: 5, role: 0, series: null, panel: null, value: null },
  rows,
});
const drawn = (rows) => plotOf(figure(rows), rows, (name) => name, 600).data;

Deno.test("a class without answers has no box, and the others keep theirs", () => {
  const none = ["wrong", null, null, null, null, null];
  const traces = drawn([none, ["right", 0, 1, 2, 3, 4]]);
  assert.deepEqual(traces.map(({ x, median }) => [x, median]), [[["right"], [2]]]);
  assert.deepEqual(drawn([none]), []);
});
