import assert from "../../assert.js";
import { monotone } from "/static/run/curve/monotone.js";

const XS = [-0.5, 0, 0.25, 1, 1.5];

Deno.test("the curve goes through every point and never beyond its neighbours", () => {
  for (const ys of [[0, 1, 5, 5, 5.1], [3, -2, 7, 7, 0], [1, 1, 1, 1, 1], [-8, -7.9, 4, 4.1, 9]]) {
    const [x, y] = monotone(XS, ys);
    XS.forEach((at, i) => assert.ok(Math.abs(y[x.findIndex((one) => Math.abs(one - at) < 1e-9)] - ys[i]) < 1e-9));
    x.forEach((at, j) => {
      const i = Math.max(0, XS.findLastIndex((one) => one <= at + 1e-9));
      const [a, b] = [ys[i], ys[Math.min(i + 1, ys.length - 1)]];
      assert.ok(y[j] >= Math.min(a, b) - 1e-9 && y[j] <= Math.max(a, b) + 1e-9, `${at}: ${y[j]}`);
    });
  }
});

Deno.test("two points are joined as they are", () => {
  assert.deepEqual(monotone([0, 1], [2, 3]), [[0, 1], [2, 3]]);
});
