// What the picture of a study's figure says beside it: model, names, controls. Pure.

import { fileName } from "../../parts/picture/picture.js";
import { partsOf } from "../figures/series.js";

/**
 * @param {{ opening: object|null, trials: object[] }} study @param {object} figure a `figure` frame
 * @param {{ href: string, text: string }} link
 * @returns {import("../../parts/picture/document.js").Words | null} null before the study began
 */
export const figureWords = (study, figure, link) => studyWords(study, figure.title, controlsOf(figure), link);

/** The same of what the page itself draws of a study. */
export function studyWords({ opening, trials }, title, control, link) {
  if (!opening) return null;
  const asked = new Set(trials.map(({ name }) => name)); // a study that only reads asks about none
  const n = asked.size || opening.names.length;
  return {
    name: `${fileName(title)}-${opening.request_sha256.slice(0, 8)}`,
    title,
    line: [opening.model.id, `N = ${n.toLocaleString("en")} ${n === 1 ? "name" : "names"}`, control],
    link,
  };
}

// Those that the figure draws, by the names that it gives them.
function controlsOf(figure) {
  const parts = figure.plot && figure.rows.length ? partsOf(figure) : [];
  const names = [...new Set(parts.filter(({ role }) => role === "control").map(({ name }) => name))];
  return names.length ? `control: ${names.join(", ")}` : "no control in this figure";
}
