// Where things stand in a column of the drawing: groups in boxes, nodes at their token and layer, arrows between them.
// Pure: positions in px from frames and a width. Knows no element.

const BOX = 70; // px, height of a box
const LOW_BOX = 74;
const EDGE = 26; // px beside the boxes, where arrows pass that leave out a row
const GAP = 14;
const NARROW = 116;

/** Rows of boxes from the answer down; what has no role of these stands in the lowest. */
const ROWS = [
  { roles: ["cant_answer", "say_answer", "end_neither"], height: BOX + 12, above: 52 },
  { roles: ["not_recognised", "recognised"], height: BOX, above: 76 },
  { roles: ["which_name", "rest", "chosen"], height: LOW_BOX, above: 46 },
];
export const OUTCOME_HEIGHT = 42;
const TIGHTEST = 0.6; // of the way between rows: arrows and their numbers need the rest

const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82]; // of a number along its arrow, the best first

/**
 * @typedef {{ x: number, y: number, width: number, height: number }} Box
 * Rows stand nearer where `room`, px, is less than they would take, as near as arrows can be read.
 * @returns {{ boxes: Map<string, Box>, outcome: Box, height: number }} boxes by the group's id
 */
export function groupLayout(groups, width, room = Infinity) {
  const loose = groupRows(groups, width, 1);
  if (loose.height <= room) return loose;
  const least = groupRows(groups, width, 0).height;
  return groupRows(groups, width, Math.max(TIGHTEST, (room - least) / (loose.height - least)));
}

/** `part`: of the way between rows. */
function groupRows(groups, width, part) {
  const boxes = new Map();
  const inner = width - 2 * EDGE;
  const outcome = { x: EDGE, y: 0, width: inner, height: OUTCOME_HEIGHT };
  let y = OUTCOME_HEIGHT;
  for (const { roles, height, above } of ROWS) {
    const here = groups.filter(({ role }) => roles.includes(role))
      .sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
    if (!here.length) continue;
    y += above * part;
    const wide = Math.min(184, (inner - GAP * (here.length - 1)) / here.length);
    const gap = here.length > 1 ? (inner - wide * here.length) / (here.length - 1) : 0;
    const first = here.length > 1 ? EDGE : EDGE + (inner - wide) / 2;
    const tall = wide < NARROW ? height + 14 : height; // a name may take three lines
    here.forEach(({ id }, i) => boxes.set(id, { x: first + i * (wide + gap), y, width: wide, height: tall }));
    y += tall;
  }
  return { boxes, outcome, height: y };
}

/**
 * Arrows between boxes, each as a path that ends at its target. `arrows`: { source, target, share }; target null: the
 * outcome. Ends that share a side of a box stand beside each other; one that leaves out a row goes around it.
 * @returns {{ d: string, end: { x: number, y: number, angle: number }, label: { x: number, y: number } }[]}
 */
export function arrowPaths({ boxes, outcome }, arrows, width) {
  const box = (id) => (id === null ? outcome : boxes.get(id));
  const ends = arrows.map(({ source, target }) => ({ from: box(source), to: box(target) }));
  const middle = ({ x, width: wide }) => x + wide / 2;
  const leaving = ports(ends.map(({ from, to }) => ({ box: from, towards: middle(to) })));
  const coming = ports(ends.map(({ from, to }) => ({ box: to, towards: middle(from) })));
  const taken = [];
  return ends.map(({ from, to }, i) => {
    const curve = curveBetween(from, to, leaving[i], coming[i], outcome, width);
    const at = PLACES.map((t) => along(curve, t)).map(({ x, y }) => ({ x: Math.min(Math.max(x, 15), width - 15), y }));
    const room = (p) => Math.min(...taken.map((q) => Math.max(Math.abs(p.x - q.x) / 38, Math.abs(p.y - q.y) / 17)));
    const free = at.find((p) => room(p) > 1) ?? at.reduce((best, p) => (room(p) > room(best) ? p : best));
    taken.push(free);
    const [p0, p1, p2, p3] = curve;
    return {
      d: `M${p0.x} ${p0.y}C${p1.x} ${p1.y} ${p2.x} ${p2.y} ${p3.x} ${p3.y}`,
      end: { ...p3, angle: Math.atan2(p3.y - p2.y, p3.x - p2.x) },
      label: free,
    };
  });
}

function curveBetween(from, to, x0, x1, outcome, width) {
  if (to.y === from.y) { // a neighbour: over the row
    const y = from.y;
    const lift = 30;
    return [{ x: x0, y }, { x: x0, y: y - lift }, { x: x1, y: y - lift }, { x: x1, y: y - 3 }];
  }
  const [start, end] = [{ x: x0, y: from.y }, { x: x1, y: to.y + to.height + 3 }];
  const skips = to === outcome && from.y - (to.y + to.height) > 150;
  if (skips) {
    const left = from.x + from.width / 2 < width / 2;
    const out = left ? 4 : width - 4;
    const side = { x: left ? from.x : from.x + from.width, y: from.y + from.height / 2 };
    const goal = { x: left ? to.x - 3 : to.x + to.width + 3, y: to.y + to.height / 2 };
    const bow = left ? out - 12 : out + 12;
    return [side, { x: bow, y: side.y - 40 }, { x: bow, y: goal.y + 40 }, goal];
  }
  const bend = Math.min(70, (start.y - end.y) / 2);
  return [start, { x: x0, y: start.y - bend }, { x: x1, y: end.y + bend }, end];
}

/** Places on a box for what leaves or reaches it, in the order of where the other ends are. @returns {number[]} */
function ports(ends) {
  const found = new Array(ends.length);
  for (const box of new Set(ends.map((end) => end.box))) {
    const here = ends.map((end, i) => ({ ...end, i })).filter((end) => end.box === box)
      .sort((a, b) => a.towards - b.towards);
    const step = Math.min(30, (box.width - 24) / Math.max(1, here.length));
    here.forEach(({ i }, k) => (found[i] = box.x + box.width / 2 + (k - (here.length - 1) / 2) * step));
  }
  return found;
}

function along(curve, t) {
  const [p0, p1, p2, p3] = curve;
  const u = 1 - t;
  const at = (k) => u * u * u * p0[k] + 3 * u * u * t * p1[k] + 3 * u * t * t * p2[k] + t * t * t * p3[k];
  return { x: at("x"), y: at("y") };
}

/**
 * Nodes at their column and layer. A column that holds none of them is folded into its neighbours.
 * `n_columns`: of the aligned prompts; `layers`: in the order in which they stand, the last above.
 * @returns {{ at: Map<number, { x: number, y: number, r: number }>, spans: { first: number, last: number, x: number,
 *   width: number, folded: boolean }[], rows: { layer: number, y: number }[], height: number }}
 */
export function nodeLayout(nodes, { n_columns, layers, width, height, gap }) {
  const LEFT = 30; // for the layers' names
  const most = {}; // of a column's cells, how many the fullest holds
  const cells = new Map();
  for (const node of nodes) {
    const key = `${node.layer}/${node.column}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(node);
    most[node.column] = Math.max(most[node.column] ?? 0, cells.get(key).length);
  }
  const spans = [];
  for (let column = 0; column < n_columns; column++) {
    const folded = !(column in most);
    const before = spans.at(-1);
    if (folded && before?.folded) before.last = column;
    else spans.push({ first: column, last: column, folded, x: 0, width: 0 });
  }
  const weight = ({ first, folded }) => (folded ? 0.55 : 1 + Math.sqrt(most[first]) * 0.8);
  const sum = spans.reduce((n, span) => n + weight(span), 0);
  let x = LEFT;
  for (const span of spans) {
    span.x = x;
    span.width = ((width - LEFT) * weight(span)) / sum;
    x += span.width;
  }
  const step = height / Math.max(1, layers.length);
  const rows = layers.map((layer, i) => ({ layer, y: height - step * (i + 0.5) }));
  const yOf = new Map(rows.map(({ layer, y }) => [layer, y]));
  const spanOf = new Map(spans.flatMap((span) => (span.folded ? [] : [[span.first, span]])));
  const at = new Map();
  for (const here of cells.values()) {
    const { layer, column } = here[0];
    const span = spanOf.get(column);
    const across = Math.max(1, Math.min(here.length, Math.floor((span.width - 8) / 16)));
    const down = Math.ceil(here.length / across);
    const dx = Math.min(24, (span.width - 8) / across);
    const left = span.x + (span.width - dx * across) / 2;
    const dy = Math.min(15, (step - 10) / down);
    here.forEach(({ number, effect }, i) => {
      const [row, place] = [Math.floor(i / across), i % across];
      at.set(number, {
        x: left + dx * (place + 0.5),
        y: yOf.get(layer) + (row - (down - 1) / 2) * dy,
        r: radius(effect, gap),
      });
    });
  }
  return { at, spans, rows, height };
}

/** Area follows the effect, as a share of the gap. */
const radius = (effect, gap) =>
  Math.max(2.5, Math.min(11, 2 + 16 * Math.sqrt(Math.abs(effect) / (Math.abs(gap) || 1))));

/**
 * Where arrow keys lead among places: the nearest in that direction. @param {Map<any, { x: number, y: number }>} places
 * @param {string} key ArrowUp, ArrowDown, ArrowLeft or ArrowRight
 */
export function neighbour(places, from, key) {
  const here = places.get(from);
  if (!here) return null;
  const [dx, dy] = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[key];
  let best = null;
  for (const [id, { x, y }] of places) {
    const ahead = (x - here.x) * dx + (y - here.y) * dy;
    const aside = Math.abs((x - here.x) * dy) + Math.abs((y - here.y) * dx);
    if (id === from || ahead <= 0.5) continue;
    const far = ahead + 2 * aside;
    if (!best || far < best.far) best = { id, far };
  }
  return best?.id ?? null;
}
