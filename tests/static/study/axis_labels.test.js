import assert from "../assert.js";
import { before, beside, LETTER, linesOf } from "/static/study/figures/labels.js";
import { plotOf } from "/static/study/figures/plots.js";

const PLACES = ["name, first", "rest of question", "last token"];
const ROWS = PLACES.flatMap((place) => [[place, 0, 0.5], [place, 1, 1]]);
const MAP = {
  columns: ["tokens", "layer", "brought back"].map((name) => ({ name, unit: "" })),
  plot: { form: "heat", x: 0, y: 1, value: 2, series: null, role: null, panel: null },
  rows: ROWS,
};
const drawn = (width) => plotOf(MAP, ROWS, (name) => name, width);

Deno.test("a label is broken between its words, and never within one", () => {
  assert.deepEqual(linesOf("rest of question", 9 * LETTER), ["rest of", "question"]);
  assert.deepEqual(linesOf("rest of question", 3 * LETTER), ["rest", "of", "question"]);
});

Deno.test("labels beside each other never stand askew: they have lines, or numbers and a list of what those mean", () => {
  for (const width of [200, 300, 360, 500, 1000]) {
    const { layout, list } = drawn(width);
    assert.equal(layout.xaxis.tickangle, 0);
    const slot = (width - layout.margin.l) / PLACES.length;
    for (const text of layout.xaxis.ticktext.flatMap((one) => one.split("<br>"))) {
      assert.ok(text.length * LETTER <= slot, `${text} in ${slot} px`);
    }
    if (list.length) assert.deepEqual([layout.xaxis.ticktext, list], [["1", "2", "3"], PLACES]);
  }
  assert.deepEqual([drawn(200).list, drawn(1000).list], [PLACES, []]);
});

Deno.test("what is cut of a label before an axis says so, and what Plotly would read as markup is text", () => {
  assert.deepEqual(before(["an unbelievably long one"], 8 * LETTER).texts, ["an<br>unbelie…<br>long one"]);
  assert.deepEqual(before(["a b c d e"], LETTER).texts, ["a<br>b<br>…"]);
  assert.deepEqual(beside(["<b>"], 100).texts, ["&lt;b&gt;"]);
});
