// What the page of every finding has, of a question or of a study: its link to copy, its exports, whether a worker is
// there, and the way to take it back. Knows nothing about what was found.

import { $ } from "../core/dom.js";
import { copyButton } from "../parts/copy.js";
import { menu } from "../parts/menu.js";
import { workerStatus } from "../run/status.js";
import { takeBack } from "./takeback.js";

/** `state` has the channels `health` and `run`. */
export function findingPage(slug, state) {
  copyButton($("copy"), () => document.querySelector('link[rel="canonical"]').getAttribute("href"));
  menu($("export"));
  for (const button of document.querySelectorAll("[data-copies]")) {
    copyButton(button, () => $(button.getAttribute("data-copies")).textContent);
  }
  takeBack($("takeback"), $("dialog"), slug);
  workerStatus($("status"), state);
}
