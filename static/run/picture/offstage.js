// A view drawn once more beside the page, as wide as a slide wants it whatever the window is. Knows no view.

import { fill, h } from "../../core/dom.js";

const PATIENCE_MS = 3000;
const LOOK_MS = 30;

/**
 * @param {(element: HTMLElement, state: object) => () => void} view
 * @param {(element: HTMLElement) => boolean} isDrawn plots and what measures itself come late
 * @returns {Promise<{ element: HTMLElement, remove: () => void }>}
 */
export async function offstage(view, state, isDrawn) {
  const element = h("div", { class: "offstage", "aria-hidden": "true" });
  document.body.append(element);
  const off = view(element, state);
  const late = Date.now() + PATIENCE_MS;
  while (!isDrawn(element) && Date.now() < late) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const remove = () => {
    off();
    fill(element);
    element.remove();
  };
  return { element, remove };
}
