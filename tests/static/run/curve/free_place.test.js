// Where a label of the dose curve stands: over nothing that is drawn, while there is room.

import assert from "../../assert.js";
import { freePlace } from "/static/run/curve/free_place.js";

const ROOM = { left: 0, right: 300, top: 0, bottom: 90 };
// A band along the top and a curve that leaves it and falls, as on a phone.
const BAND = Array.from({ length: 101 }, (_, i) => [3 * i, 10]);
const CURVE = Array.from({ length: 101 }, (_, i) => [3 * i, i < 50 ? 10 : Math.min(10 + 3 * (i - 50), 70)]);

Deno.test("a label lies neither on the band nor on the curve nor on another label", () => {
  for (let x = 6; x <= 294; x += 12) {
    const own = freePlace({ x, y: CURVE[Math.round(x / 3)][1] }, 50, ROOM, [...BAND, ...CURVE]);
    const other = freePlace({ x, y: 10 }, 96, ROOM, [...BAND, ...CURVE], [own]);
    for (const { x: left, y, width } of [own, other]) {
      assert.ok(left >= 0 && left + width <= 300 && y >= 9 && y <= 81, `${x}: within the picture`);
      const over = [...BAND, ...CURVE].filter(([at, height]) =>
        at > left && at < left + width && Math.abs(height - y) < 9
      );
      assert.deepEqual(over, [], `at ${x}`);
    }
    assert.ok(own.x + own.width <= other.x || other.x + other.width <= own.x || Math.abs(own.y - other.y) >= 18);
  }
});

Deno.test("where there is no free place a label covers as little as may be, and stays in the picture", () => {
  const everywhere = Array.from({ length: 300 }, (_, x) => [x, x % 90]);
  const { x, y, width } = freePlace({ x: 150, y: 45 }, 90, ROOM, everywhere);
  assert.ok(x >= 0 && x + width <= 300 && y >= 9 && y <= 81);
});
