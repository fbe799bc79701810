// Boxes that show the same part of what they hold: what is scrolled in one is scrolled in all, as far as each reaches.
// Knows nothing about what is in them.

import { listen } from "../../core/dom.js";

/** @returns {{ add: (box: HTMLElement) => () => void, settle: (box: HTMLElement) => void, show: (top: number) => void }} */
export function together() {
  const boxes = new Set();
  let top = 0; // px, of the one that was scrolled last
  return { add, settle, show };

  /** Returns what takes it out. */
  function add(box) {
    boxes.add(box);
    const off = listen(box, "scroll", () => Math.abs(box.scrollTop - reach(box)) >= 1 && show(box.scrollTop));
    return () => {
      off();
      boxes.delete(box);
    };
  }

  /** Where all are, now that this one holds something else. */
  function settle(box) {
    box.scrollTop = reach(box);
  }

  function show(to) {
    top = Math.min(to, ...(to > 0 ? [Math.max(...[...boxes].map(most))] : []));
    boxes.forEach(settle);
  }

  function reach(box) {
    return Math.min(top, most(box));
  }
}

const most = ({ scrollHeight, clientHeight }) => Math.max(0, scrollHeight - clientHeight);
