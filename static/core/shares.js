// Shares and how sure they are, 95 %. Pure; the worker's own are in model_worker/studies/shared/statistics.py.

const Z = 1.959964; // two-sided 95 %

/**
 * Of a share, k of n. Wilson 1927: unlike the textbook's it never leaves 0 to 1, and 0 of n has a width.
 * @returns {[number, number]}
 */
export function wilson(k, n) {
  if (!n) return [0, 1];
  const p = k / n;
  const [zz, scale] = [Z ** 2 / n, 1 + Z ** 2 / n];
  const middle = (p + zz / 2) / scale;
  const half = Math.sqrt(zz * (p * (1 - p) + zz / 4)) / scale;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/**
 * Of a share less another, from Wilson's interval of each (Newcombe 1998, method 10).
 * @returns {[number, number]}
 */
export function shareDifference(k, n, kOther, nOther) {
  const [low, high] = wilson(k, n);
  const [lowOther, highOther] = wilson(kOther, nOther);
  const [p, other] = [n ? k / n : 0, nOther ? kOther / nOther : 0];
  return [p - other - Math.hypot(p - low, highOther - other), p - other + Math.hypot(high - p, other - lowOther)];
}
