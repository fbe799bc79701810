// How a role looks in a plot: hue, shape, dash and hatching together, so that colour is never the only cue. Pure.

import {
  LOOK_DASHES,
  LOOK_HATCHES,
  LOOK_SHAPES,
  NO_ROLE_LOOK,
  ROLE_LOOKS,
  ROLE_SYNONYMS,
} from "../../core/protocol.js";

/** @typedef {{ fill: string, shape: string, dash: string|null, hatch: string, hollow: boolean }} Look */

/** The role that a cell of a role column means, "other" where it is none. */
export function roleOf(cell) {
  const name = String(cell ?? "").toLowerCase();
  const role = ROLE_SYNONYMS[name] ?? name;
  return Object.hasOwn(ROLE_LOOKS, role) ? role : "other";
}

/**
 * A look for each, in their order; the second of one role looks another way than the first. `fill` is a custom property.
 * @returns {Look[]}
 */
export function looksOf(roles) {
  const seen = new Map();
  return roles.map((role) => {
    const known = ROLE_LOOKS[role] ?? NO_ROLE_LOOK;
    const look = { ...known, fill: `--${known.fill}` };
    const nth = seen.get(role) ?? 0;
    seen.set(role, nth + 1);
    if (!nth) return look;
    const shapes = LOOK_SHAPES.filter((one) => one !== look.shape);
    return {
      ...look,
      shape: shapes[nth % shapes.length],
      dash: LOOK_DASHES[nth % LOOK_DASHES.length],
      hatch: LOOK_HATCHES[nth % LOOK_HATCHES.length],
    };
  });
}
