// The figures of a study, in the order in which they first came; one that has seen more replaces what it showed.

import { fill, h } from "../../core/dom.js";
import { liveFigure } from "./figure.js";

/** @returns {{ show: (study: object) => void, remove: () => void }} */
export function figuresView(element) {
  const live = new Map(); // id -> { place, view }
  fill(element, h("h2", { class: "sr" }, "Figures"));
  return { show, remove };

  function show(study) {
    const { figures } = study;
    for (const [id, one] of live) {
      if (figures.has(id)) continue;
      one.view.remove();
      one.place.remove();
      live.delete(id);
    }
    for (const [id, figure] of figures) {
      if (!live.has(id)) {
        const place = h("section", {});
        element.append(place);
        live.set(id, { place, view: liveFigure(place, { first: !live.size }) });
      }
      live.get(id).view.show(figure, study);
    }
  }

  function remove() {
    for (const { view } of live.values()) view.remove();
    live.clear();
    fill(element);
  }
}
