// Joins measured points with a curve that never overshoots one. Pure.
// Source: Fritsch & Carlson, "Monotone piecewise cubic interpolation" (1980), §4.

/** Points on the curve through (xs, ys), `n` in each interval; xs ascending. @returns {[number[], number[]]} */
export function monotone(xs, ys, n = 12) {
  if (xs.length < 3) return [xs, ys];
  const slope = xs.slice(1).map((x, i) => (ys[i + 1] - ys[i]) / (x - xs[i]));
  const tangent = [
    slope[0],
    ...slope.slice(1).map((d, i) => (slope[i] * d <= 0 ? 0 : (slope[i] + d) / 2)),
    slope.at(-1),
  ];
  slope.forEach((d, i) => {
    if (d === 0) {
      tangent[i] = tangent[i + 1] = 0;
      return;
    }
    const a = tangent[i] / d;
    const b = tangent[i + 1] / d;
    const size = Math.hypot(a, b);
    if (size > 3) {
      tangent[i] = (3 * a * d) / size;
      tangent[i + 1] = (3 * b * d) / size;
    }
  });
  const x = [];
  const y = [];
  slope.forEach((_, i) => {
    const width = xs[i + 1] - xs[i];
    for (let k = 0; k < n; k++) {
      const t = k / n;
      const [t2, t3] = [t * t, t * t * t];
      x.push(xs[i] + t * width);
      y.push(
        (2 * t3 - 3 * t2 + 1) * ys[i] +
          (t3 - 2 * t2 + t) * width * tangent[i] +
          (-2 * t3 + 3 * t2) * ys[i + 1] +
          (t3 - t2) * width * tangent[i + 1],
      );
    }
  });
  return [
    [...x, xs.at(-1)],
    [...y, ys.at(-1)],
  ];
}
