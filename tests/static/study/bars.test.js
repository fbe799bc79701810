import assert from "../assert.js";
import { plotOf } from "/static/study/figures/plots.js";
import { partsOf } from "/static/study/figures/series.js";

const ROWS = [["Recognised", 5, 0.1], ["Question", 12, null]];
const figure = (control) => ({
  columns: ["group", "moves m by", "random directions"].map((name) => ({ name, unit: "" })),
  plot: { form: "bars", x: 0, y: 1, control, low: null, high: null, role: null, series: null, panel: null },
  rows: ROWS,
});
const drawn = (control) => plotOf(figure(control), ROWS, (name) => name, 600).data.map(({ x, y }) => [x, y]);

Deno.test("over each bar stands what random directions did, and the legend names it", () => {
  const numbers = ([x, y]) => [x, y].find((values) => values.every((one) => typeof one !== "string"));
  assert.deepEqual(drawn(2).map(numbers), [[5, 12], [0.1, null]]);
  assert.equal(partsOf(figure(2)).at(-1).name, "random directions");
  assert.deepEqual(drawn(null).map(numbers), [[5, 12]]);
  assert.equal(partsOf(figure(null)).length, 1);
});
