// What stands one step behind: closed until somebody wants it, and then as the reader left it (remembered.js).

import { h } from "./dom.js";

/** `name`: under which this browser remembers it, of letters. */
export const unfold = (name, words, ...content) =>
  h("details", { class: "unfold", "data-remember": name }, h("summary", {}, words), ...content);
