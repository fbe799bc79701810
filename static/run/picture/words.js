// What the picture of a run says beside its figure: what was asked and pushed; the model, of how many, beside which
// control. Pure. Knows nothing about how a picture is drawn.

import { shortHash } from "../../core/format.js";
import { fileName } from "../../parts/picture/picture.js";
import { directions } from "../names.js";
import { amountOf } from "../steering/amount.js";

/**
 * @param {string} figure what is drawn, "P(refusal opening)"
 * @param {{ run: object, steer: { sweep: number|null, strength: number }, card: object|null }} seen
 * @param {{ href: string, text: string }} link
 * @returns {import("../../parts/picture/document.js").Words | null} null before the first frame
 */
export function runWords(figure, { run, steer, card }, link) {
  if (!run?.start) return null;
  const { request, model, request_sha256 } = run.start;
  const direction = steer.sweep === null ? null : directions(run, card)[steer.sweep];
  const held = run.start.request.hold?.length ?? 0;
  const pushed = direction
    ? `${direction.label} ${direction.short} ${amountOf(direction, steer.strength)}`
    : held
    ? ""
    : "nothing pushed";
  const n = request.sampling?.n_samples ?? 1;
  return {
    name: `${fileName(figure)}-${shortHash(request_sha256)}`,
    title: `${figure}: “${request.prompt}”${pushed && direction ? `, ${pushed}` : ""}`,
    line: [
      model.id,
      n > 1 ? `N = 1 prompt, ${n} samples` : "N = 1 prompt",
      [pushed, held && `${held} held`].filter(Boolean).join(", "),
      controlOf(request),
    ],
    link,
  };
}

/** The same of a run's figure on a page with these channels. */
export const shownWords = (figure, state, link) =>
  runWords(figure, { run: state.get("run"), steer: state.get("steer"), card: state.get("card") }, link);

function controlOf({ controls, sweeps }) {
  if (!sweeps.length) return "no control: nothing is swept";
  if (!controls.n_directions) return "no control was asked for";
  return `control: ${controls.n_directions} random directions of equal norm, seed ${controls.seed}`;
}
