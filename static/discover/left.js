// Where the reader left the search: its run and what was pinned on it, for as long as the tab is open. Another page's
// link to this one says neither.

import { Refused, runSummary } from "../core/api.js";

const KEY = "discover";

/** @typedef {{ getItem?: (key: string) => string|null, setItem?: Function, removeItem?: Function }} Storing */

/** @param {string} hash of the address @param {Storing} storage */
export function leave(hash, storage = sessionStorage) {
  try {
    storage.setItem(KEY, hash);
  } catch {
    // A browser may keep nothing: then the address alone says it.
  }
}

/** The hash, if its run is still there; else null, and it is forgotten. @param {Storing} storage @param {(run: string) => Promise<any>} summary */
export async function left(storage = sessionStorage, summary = runSummary) {
  try {
    const hash = storage.getItem(KEY);
    const run = new URLSearchParams((hash ?? "").slice(1)).get("run");
    if (!run) return null;
    await summary(run);
    return hash;
  } catch (error) {
    if (error instanceof Refused && error.status === 404) storage.removeItem(KEY);
    return null;
  }
}
