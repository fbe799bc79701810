// What a reader must know of how the text was read, under the prompt: `start.warnings`. All that there is so far is a BOS
// that a raw text brought itself; a press makes the other choice.

import { fill, h } from "../core/dom.js";

/** choose: runs again, with the text's own BOS "dropped" or "kept". */
export function readAs(element, state, choose) {
  let drawn = null; // the start that was read
  const off = state.on(["run"], () => {
    const run = state.get("run");
    if (run?.start === drawn || run?.phase === "asking") return; // what was said holds until the next one says more
    drawn = run?.start;
    const said = wordsOf(drawn);
    element.hidden = !said;
    const press = said && { class: "button button-plain", type: "button", onclick: () => choose(said.other) };
    fill(element, said && [h("span", {}, said.words), " ", h("button", press, said.way)]);
  });
  return () => {
    off();
    fill(element);
  };
}

/** @returns {{ words: string, way: string, other: "dropped"|"kept" }|null} */
export function wordsOf(start) {
  if (!start?.warnings?.length) return null;
  const kept = start.request.own_bos === "kept";
  return { words: start.warnings.join(" "), way: kept ? "Drop it" : "Keep it", other: kept ? "dropped" : "kept" };
}
