// The row of pages above every page, or their menu where there is no room for one: from another page its first link leads
// back to where Explore was left, with all that was chosen and pinned there, for as long as the tab is open. On Explore
// itself it leads to the beginning.

import { menu } from "./menu.js";

const KEY = "explore";

/** @typedef {{ getItem?: (key: string) => string|null, setItem?: Function }} Storing */

/** @param {string} hash of Explore's address @param {Storing} storage */
export function leaveExplore(hash, storage = sessionStorage) {
  try {
    storage.setItem(KEY, hash);
  } catch {
    // A browser may keep nothing: then the link leads to the beginning.
  }
}

/** @param {{ hash: string }|null} link @param {Storing} storage */
export function leadBack(link, storage = sessionStorage) {
  try {
    const hash = storage.getItem(KEY);
    if (link && hash?.startsWith("#")) link.hash = hash;
  } catch {
    // as above
  }
}

if (globalThis.document) {
  const first = ".pages > a:first-child, .pages-menu li:first-child > a";
  for (const link of document.querySelectorAll(`:is(${first}):not([aria-current])`)) {
    leadBack(/** @type {HTMLAnchorElement} */ (link));
  }
  menu(document.querySelector(".pages-menu"));
}
