// What the strip rests on, whether it is drawn, and which answers a threshold would have held back: a fold beside the
// tokens. From `start.risk`, `step` and `verdict`. Writes the channels `strip` and `threshold`.

import { fill, h, unfold } from "../../core/dom.js";
import { plain } from "../../core/format.js";
import { RISK_PUSHED, RISK_THRESHOLD } from "../../core/protocol.js";
import { addressOf } from "../../core/root.js";
import { door, withDoors } from "../../core/term.js";
import { reliabilityPlot } from "./reliability.js";
import { fitInWords, heldInWords, testedInWords, thisInWords } from "./risk.js";

/** @returns {{ root: HTMLElement, remove: () => void }} */
export function riskPanel(state) {
  const onchange = () => state.set("strip", box.checked);
  const box = h("input", { type: "checkbox", name: "risk-strip", onchange });
  const oninput = () => state.set("threshold", Number(slider.value));
  const slider = h("input", {
    type: "range",
    min: 0.1,
    max: 0.9,
    step: 0.1,
    class: "risk-threshold",
    "aria-label": "Threshold of the risk",
    oninput,
  });
  const trust = h("p", {});
  const said = h("p", { class: "note", role: "status" });
  const rests = h("p", { class: "note" });
  const pushed = h("a", { href: addressOf("/experiments#kind=risk"), hidden: true }, RISK_PUSHED);
  const curve = h("figure", {});
  const at = h("output", {});
  const root = unfold(
    "risk",
    "Risk",
    h(
      "div",
      { class: "risk-panel" },
      trust,
      h(
        "div",
        { class: "row wrap" },
        h("label", { class: "risk-choice" }, box, " bars under the answer"),
        h("label", { class: "risk-choice" }, "held back from", slider, at),
      ),
      said,
      h("div", { class: "risk-rests" }, h("div", {}, rests, h("p", { class: "note" }, pushed)), curve),
    ),
  );
  let drawn; // the fit that the curve is of
  const offs = [
    state.on(["strip"], () => (box.checked = state.get("strip") !== false)),
    state.on(["run", "samples", "threshold"], () => {
      const run = state.get("run");
      const threshold = state.get("threshold") ?? RISK_THRESHOLD;
      if (Number(slider.value) !== threshold) slider.value = String(threshold);
      slider.disabled = !run?.start?.risk;
      const samples = state.get("samples");
      const mine = samples?.request?.prompt === run?.request?.prompt ? samples : null;
      write(trust, thisInWords(run));
      write(said, `${heldInWords([run, mine], threshold)} ${testedInWords(run?.start?.risk, threshold)}`.trim());
      pushed.hidden = !run?.start?.risk;
      write(rests, fitInWords(run).join(" "));
      at.value = plain(threshold);
      const fit = run?.start?.risk ?? null;
      if (drawn !== fit) {
        drawn = fit;
        fill(curve, fit && [reliabilityPlot(fit), h("figcaption", {}, door("reliability", "Reliability"))]);
      }
    }),
  ];
  return { root, remove: () => offs.forEach((off) => off()) };
}

function write(element, text) {
  if (element.textContent !== text) fill(element, withDoors(text));
}
