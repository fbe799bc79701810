// Where a label beside a point covers nothing: the curve, the band, another label. Pure, in px; knows no elements.

const APART = 10; // from its point, across
const LINE = 18; // a label's height
const TRIED = [15, -15, 26, -26, 37, -37]; // below and above its point
const FURTHER = [0, 24, 48, 72, 96, 120, 160, 200];

/**
 * The nearest free place of those tried; where none is free, the one that covers least.
 * @param {{ x: number, y: number }} point
 * @param {number} width of the label
 * @param {{ left: number, right: number, top: number, bottom: number }} room that it may not leave
 * @param {number[][]} drawn points of what is drawn, close enough together
 * @param {Place[]} [labels] that are there
 * @returns {Place} its left edge and its middle
 * @typedef {{ x: number, y: number, width: number }} Place
 */
export function freePlace(point, width, room, drawn, labels = []) {
  let best = null;
  let least = Infinity;
  for (const further of FURTHER) {
    for (const below of TRIED) {
      for (const x of [point.x + APART + further, point.x - APART - further - width]) {
        const place = { x, y: point.y + below, width };
        const cost = covered(place, drawn, labels) * 1000 + further + Math.abs(below);
        if (inside(place, room) && cost < least) [best, least] = [place, cost];
      }
    }
  }
  return best ?? { x: room.left, y: room.top + LINE / 2, width };
}

const inside = ({ x, y, width }, { left, right, top, bottom }) =>
  x >= left && x + width <= right && y - LINE / 2 >= top && y + LINE / 2 <= bottom;

function covered({ x, y, width }, drawn, labels) {
  const lines = drawn.filter(([at, height]) => at > x - 4 && at < x + width + 4 && Math.abs(height - y) < LINE / 2 + 3);
  const over = labels.filter((other) =>
    other.x < x + width + 4 && x < other.x + other.width + 4 && Math.abs(other.y - y) < LINE
  );
  return lines.length + 100 * over.length;
}
