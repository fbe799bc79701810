// Which watched latent tints the tokens, and how strong the strongest tint is. From `start` or the card, and `prompt`.

import { fill, h, mark } from "../../core/dom.js";
import { sig3 } from "../../core/format.js";
import { door } from "../../core/term.js";
import { fvuHere } from "../latents/values.js";
import { watches } from "../names.js";
import { armAt } from "../run.js";

/** The watched latent that is chosen, with its index. */
export function coloured(state) {
  const list = watches(state.get("run"), state.get("card"));
  const index = Math.min(state.get("colour"), list.length - 1);
  return index < 0 ? null : { ...list[index], index };
}

/** The activation that gets the strongest tint: the largest in the prompt, untouched or as shown; and in a second
 * prompt, so that both have one scale. */
export function strongest(state, watch) {
  const own = largest(state.get("run"), state.get("steer"), watch);
  return Math.max(own, largest(state.get("other"), state.get("otherSteer"), watch));
}

function largest(run, steer, watch) {
  if (!run?.prompt) return 0;
  const of = (arm) => run.prompt.arms[arm]?.activations[watch] ?? [];
  return Math.max(0, ...of(0), ...of(armAt(run, steer)));
}

/** What a reader must know of a tint where the dictionary fits these tokens worse than their mean does; else "". */
export const poorFit = (fvu) =>
  fvu >= 1 ? `FVU here ${sig3(fvu)}: its dictionary fits these tokens worse than their mean does` : "";

export function colourChoice(element, state) {
  const off = [
    state.on(["run", "card"], build),
    state.on(["colour", "run", "card"], () => {
      const now = coloured(state)?.index;
      for (const input of element.querySelectorAll("input")) input.checked = Number(input.value) === now;
    }),
  ];
  return () => {
    for (const one of off) one();
    fill(element);
  };

  function build() {
    const list = watches(state.get("run"), state.get("card"));
    const spelled = JSON.stringify(list);
    if (element.dataset.list === spelled) return;
    element.dataset.list = spelled;
    // With many there is no room for labels; the legend has the label of the one that is chosen.
    const options = list.map((one, i) => option(one, i, list.length < 4));
    fill(element, h("legend", { class: "sr" }, "Colour tokens by"), options);
  }

  function option({ role, short, label }, i, roomy) {
    const onchange = () => state.set("colour", i);
    const input = h("input", { type: "radio", name: "colour", value: i, onchange });
    const said = label === short ? null : h("span", { class: roomy ? "wide" : "sr" }, ` ${label.toLowerCase()}`);
    return h("label", { title: label }, input, mark(role), short, said);
  }
}

export function colourLegend(element, state) {
  const named = h("span", {});
  const ramp = h("span", { class: "ramp" });
  const most = h("span", { class: "ramp-end" });
  const fit = h("b", { class: "problem" });
  fill(element, named, h("span", { class: "row tight" }, "0", ramp, most), fit);
  let drawn = "";
  const off = state.on(["run", "steer", "colour", "card", "other", "otherSteer"], () => {
    const run = state.get("run");
    const latent = coloured(state);
    element.hidden = !run?.prompt || !latent;
    if (element.hidden) return;
    ramp.dataset.role = latent.role;
    const { role, short, label } = latent;
    if (drawn !== (drawn = `${role} ${short} ${label}`)) {
      fill(
        named,
        mark(role),
        " ",
        h("b", { class: `as-${role}` }, role === "other" ? label : door("recognition", label)),
        label !== short && ` ${short}`,
      );
    }
    const missed = poorFit(fvuHere(state, latent.target.dictionary));
    if (fit.textContent !== missed) fill(fit, missed && [door("fvu"), missed.slice("FVU".length)]);
    const text = sig3(strongest(state, latent.index));
    if (most.textContent !== text) fill(most, text);
  });
  return () => {
    off();
    fill(element);
  };
}
