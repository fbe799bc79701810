// Gives the reader a file. Knows nothing about what is in it.

import { h } from "../../core/dom.js";

const KEPT_MS = 10_000; // until every browser has begun to read it

export function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
