import assert from "../../assert.js";
import { runWords } from "/static/run/picture/words.js";
import { figureWords } from "/static/study/picture/words.js";
import { fileName, linkHere } from "/static/parts/picture/picture.js";
import { lines } from "/static/parts/picture/document.js";
import { paintOfPixel } from "/static/parts/picture/paint.js";

const LINK = { href: "http://here/f/abc", text: "http://here/f/abc" };
const run = (changes = {}) => ({
  start: {
    request_sha256: "0123456789abcdef".repeat(4),
    model: { id: "a-model" },
    sweeps: [{ label: "known entity", role: "known" }],
    held: [],
    dictionaries: [],
    request: {
      prompt: "Who?",
      hold: [],
      controls: { n_directions: 32, seed: 3 },
      sweeps: [{ target: { kind: "vector", name: "mean" }, unit: "residual_norm", mode: "add" }],
      sampling: { n_samples: 1 },
      ...changes,
    },
  },
});
const words = (changes, steer = { sweep: 0, strength: 1.25 }) =>
  runWords("P(refusal opening)", { run: run(changes), steer, card: null }, LINK);

Deno.test("a picture says model, N, push, control and link", () => {
  const { title, line, link } = words();
  assert.deepEqual(title, "P(refusal opening): “Who?”, Known entity mean +1.25 × r̄", "a slide shows no more than it");
  assert.deepEqual(line, [
    "a-model",
    "N = 1 prompt",
    "Known entity mean +1.25 × r̄",
    "control: 32 random directions of equal norm, seed 3",
  ]);
  assert.deepEqual(link, LINK);
});

Deno.test("a picture without a control, a push or a run says so", () => {
  assert.deepEqual(words({ controls: { n_directions: 0, seed: 0 } }).line.at(-1), "no control was asked for");
  assert.deepEqual(words({}, { sweep: null, strength: 0 }).line[2], "nothing pushed");
  assert.deepEqual(runWords("x", { run: { start: null }, steer: null, card: null }, LINK), null);
});

Deno.test("a file's name has letters and digits alone, whatever the figure is called", () => {
  assert.deepEqual(fileName("P(refusal opening)"), "p-refusal-opening");
  assert.deepEqual(fileName("../../a\\b"), "a-b");
  assert.deepEqual(fileName("///"), "picture");
});

Deno.test("a finding's picture has its link, another says that nobody shared it", () => {
  const at = (pathname, hash) => linkHere({ origin: "http://h", pathname, href: `http://h${pathname}${hash}` });
  assert.deepEqual(at("/f/abc", "#x"), { href: "http://h/f/abc", text: "http://h/f/abc" });
  assert.deepEqual(at("/", "#prompt=x"), { href: "http://h/#prompt=x", text: "http://h/, not shared" });
  const own = linkHere({ origin: "http://127.0.0.1:8000", pathname: "/", href: "http://127.0.0.1:8000/#prompt=x" });
  assert.deepEqual(own.text, "Hallucinoscope, not shared", "nobody else finds it there");
});

Deno.test("a study's figure names the controls that it draws", () => {
  const figure = {
    id: "answers/rates",
    title: "Rates",
    columns: [{ name: "arm" }, { name: "role" }, { name: "share" }],
    rows: [["known", "known", 0.5], ["random 1", "random", 0.1]],
    plot: { form: "bars", x: 0, y: 2, role: 1, series: 0 },
  };
  const opening = { model: { id: "m" }, names: new Array(1200), request_sha256: "f".repeat(64) };
  assert.deepEqual(figureWords({ opening, trials: [] }, figure, LINK).line, [
    "m",
    "N = 1,200 names",
    "control: random 1",
  ]);
  const trials = [{ name: 7 }, { name: 7 }, { name: 1199 }];
  assert.deepEqual(
    figureWords({ opening, trials }, figure, LINK).line[1],
    "N = 2 names",
    "asked, of 1,200 to draw from",
  );
});

Deno.test("words wrap where the line ends, and a long one stands alone", () => {
  const type = { size: 10, weight: 400 };
  const measure = (text) => text.length;
  assert.deepEqual(lines("aa bb cccccccc d", type, 5, "any", measure), ["aa bb", "cccccccc", "d"]);
});

Deno.test("what can't be seen has no paint", () => {
  assert.deepEqual(paintOfPixel([1, 2, 255, 255]), { paint: "#0102ff", opacity: 1 });
  assert.deepEqual(paintOfPixel([9, 9, 9, 0]), null);
});
