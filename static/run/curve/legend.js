// What the dose curve's legend says of its control. Pure; knows nothing about the page.

import { MIN_BAND } from "../../core/protocol.js";
import { standIns } from "../names.js";
import { bandName, control, isOpen, points } from "../run.js";

/** How many random directions a run was asked for. */
export const nControls = (run) =>
  run?.request?.controls?.n_directions ?? run?.start?.request.controls.n_directions ?? 0;

/**
 * What is grey, as parts, once there is some of it; before, that it follows, or that a run which is over has none.
 * @returns {{ text: string, term?: "band"|"control" }[]}
 */
export function legendOf(run, sweep) {
  const n = nControls(run);
  if (!n) return run?.start ? [{ text: "no control was asked for" }] : [];
  const words = standIns(run?.start?.request.sweeps[sweep]?.target);
  if (!run?.prompt || !points(run, sweep).some((point) => control(run, point))) {
    const when = run && !isOpen(run) ? ", none here yet" : " follow";
    return [{ text: `${n} ` }, { text: words, term: "control" }, { text: when }];
  }
  return [
    { text: "grey", term: "band" },
    { text: `: ${n} ` },
    { text: words, term: "control" },
    ...(n < MIN_BAND ? [{ text: `, ${bandName(n)}` }] : []),
  ];
}
