// How far a fit's risks are what they say: a dot for each tenth of the risks, at its mean and the share of them that ended
// wrong; on the diagonal they agree. The larger a dot, the more tokens it stands for.

import { s } from "../../core/dom.js";
import { curveInWords } from "./risk.js";

const SIZE = 112;
const [LARGEST, SMALLEST] = [7, 1.5];

/** @param {{ tested: { place: string, curve: { risk: number, wrong: number, n: number }[] }[] }} fit */
export function reliabilityPlot(fit) {
  const bins = fit.tested.find(({ place }) => place === "value")?.curve ?? [];
  const most = Math.max(1, ...bins.map(({ n }) => n));
  const dot = ({ risk, wrong, n }) =>
    s("circle", { cx: risk * SIZE, cy: (1 - wrong) * SIZE, r: Math.max(SMALLEST, LARGEST * Math.sqrt(n / most)) });
  return s(
    "svg",
    { class: "reliability", role: "img", viewBox: `-26 -8 ${SIZE + 36} ${SIZE + 30}`, "aria-label": inWords(fit) },
    s("path", { class: "reliability-frame", d: `M0 0V${SIZE}H${SIZE}` }),
    s("path", { class: "reliability-agree", d: `M0 ${SIZE}L${SIZE} 0` }),
    ...bins.map(dot),
    s("text", { x: -4, y: 4, "text-anchor": "end" }, "1"),
    s("text", { x: -4, y: SIZE, "text-anchor": "end" }, "0"),
    s("text", { x: SIZE, y: SIZE + 15, "text-anchor": "end" }, "risk → 1"),
    s("text", { x: -14, y: SIZE / 2, "text-anchor": "middle", transform: `rotate(-90 -14 ${SIZE / 2})` }, "wrong"),
  );
}

const inWords = (fit) => `Risk, share that ended wrong, number of tokens: ${curveInWords(fit).join("; ")}`;
