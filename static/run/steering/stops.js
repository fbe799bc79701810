// Steps along a slider: from one computed strength to the next, and a tenth of that. Pure numbers.

/** The n-th stop above x (below, if n is negative), or the last there is on that side; x itself where there is none. */
export function stepped(stops, x, n) {
  const further = stops.filter((stop) => (n > 0 ? stop > x + NOTHING : stop < x - NOTHING));
  if (n < 0) further.reverse();
  return further.length ? further[Math.min(Math.abs(n), further.length) - 1] : x;
}

/** x on the grid that is ten times as fine as the stops around it, `steps` of its steps further. */
export function fine(stops, x, steps = 0) {
  if (stops.length < 2) return x;
  const inside = steps < 0 ? x - NOTHING : x + NOTHING; // from a stop, one goes by the gap that lies ahead
  const above = stops.findIndex((stop) => stop > inside);
  const upper = Math.max(1, above < 0 ? stops.length - 1 : above);
  const tenth = (stops[upper] - stops[upper - 1]) / 10;
  const at = stops[upper - 1] + (Math.round((x - stops[upper - 1]) / tenth) + steps) * tenth;
  return Number(at.toPrecision(6)) + 0; // no -0
}

const NOTHING = 1e-9;
