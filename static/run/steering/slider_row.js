// One slider: what it pushes, how hard, what that came to, its track, and what there is to say about it. From `start`
// (arms, norms), `prompt` (what was measured before and after) and the page's sliders and values.

import { amountOf, amountParts, modeOf } from "./amount.js";
import { measuredOf, otherUnit, usedOf } from "./measurement.js";
import { fill, h, mark } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { sig3, visible } from "../../core/format.js";
import { armAt, isOpen } from "../run.js";
import { OUTCOMES, SCOPES } from "../../core/protocol.js";
import { movedTo } from "../names.js";
import { activate, boundsOf, choose, farOff, isIdle } from "./sliders.js";
import { entry } from "./entry.js";
import { steeringOptions } from "./options.js";
import { track } from "./track.js";

/**
 * `index` is the slider's place among the page's; whoever owns the row keeps it up. `id` is the row's own on the page.
 * @returns {{ key: string, index: number, root: Element, tab: Element, update: Function, focus: Function,
 *             remove: Function }} tab: what shows it where there is room for one at a time
 */
export function sliderRow(state, { id, key, index }) {
  const live = Boolean(state.get("live"));
  const { target, label, role } = state.get("sliders")[index];
  const row = { key, index, root: null, tab: null, update, focus: () => rail.input.focus(), remove };
  const at = () => row.index;
  const show = () => activate(state, row.index);
  const written = {}; // what was drawn last, so that only what changed is drawn again

  const told = h("p", { id: `${id}-told`, class: "told", role: "status" });
  const number = live
    ? entry({
      name: label,
      read: () => state.get("values")[row.index] ?? null,
      bounds: () => boundsOf(state.get("sliders")[row.index]),
      accept: (strength) => choose(state, row.index, strength),
      tell: (wrong) => tell({ wrong }),
      describedby: told.id,
    })
    : fixedNumber();
  const type = live ? () => number.open(rail.input) : null;
  const rail = track(state, { id, label, describedby: told.id, at, type });
  const how = h("span", { class: "sr" }, ` How ${label} is pushed`);
  const more = live && h("button", { type: "button", class: "more", title: "Mode, unit and scope" }, "⋯", how);
  const options = more && steeringOptions(more, state, { id: `${id}-how`, at });
  const name = h("label", { for: id, onclick: show }, label);
  const short = h("span", {});
  const mode = h("span", { class: "dim" });
  const came = h("span", {});
  row.root = h(
    "div",
    { class: `direction direction-${role}` },
    h(
      "div",
      { class: "row direction-head" },
      mark(role),
      name,
      shortName(),
      h("span", { class: "value" }, mode, number.root, came),
      more,
    ),
    options?.panel,
    rail.root,
    told,
  );
  const pushed = h("span", {});
  row.tab = h("button", { type: "button", onclick: show }, mark(role), label, pushed);
  return row;

  function shortName() {
    if (!live || target.kind !== "latent") return h("span", { class: `latent mono ${target.kind}` }, short);
    const open = () => state.set("latent", target);
    const does = h("span", { class: "sr" }, ": open its card");
    return h("button", { type: "button", class: "latent mono", onclick: open }, short, does);
  }

  function remove() {
    rail.remove();
    options?.remove();
    row.root.remove();
    row.tab.remove();
  }

  /** `axis`: the range that it shares with the sliders of its unit, null if it has its own. */
  function update({ run, card, steer, active, axis }) {
    const slider = state.get("sliders")[row.index];
    const value = state.get("values")[row.index] ?? null;
    const chosen = active === row.index;
    const held = !chosen && !isIdle(slider, value);
    const verdict = chosen && run?.start ? run.arms[armAt(run, steer)]?.verdict : null;
    const to = movedTo(slider, card, run);
    const [before, shown, after] = partsOf(slider, value, to);
    const said = [
      amountOf(slider, value, { to }),
      held && "held",
      verdict && OUTCOMES[verdict.outcome].badge.toLowerCase(),
    ];
    rail.draw({ axis, said: said.filter(Boolean).join(", ") });
    number.show(shown);
    changed("class", chosen, () => {
      row.root.classList.toggle("active", chosen);
      row.tab.setAttribute("aria-pressed", String(chosen));
    });
    changed("short", slider.short, (text) => fill(short, text));
    changed("evidence", slider.evidence ?? "", (text) => (name.title = text));
    changed("mode", before, (text) => fill(mode, text));
    changed("where", whereOf(run, slider), (text) => (came.title = text));
    changed("pushed", isIdle(slider, value) ? "" : shown, (text) => fill(pushed, text));
    const parts = [[after], ...followed(outcome(slider, value, { run, card, steer, chosen, held }), run)];
    changed("came", JSON.stringify(parts), () =>
      fill(
        came,
        parts.map(([text, look]) => h("span", look ?? {}, withDoors(text))),
      ));
    tell({ far: (card && farOff(slider, value, card)) ?? "" }); // only a card knows what was validated
  }

  // What was measured on the last question keeps its room, unseen, until this one is measured: the number stays put.
  function followed(parts, run) {
    if (run?.prompt) written.followed = parts;
    if (parts.length || !run || run.prompt || !isOpen(run)) return parts;
    return (written.followed ?? []).map(([text, look]) => [text, { ...look, class: "unseen", "aria-hidden": "true" }]);
  }

  // The sentence at the row's foot: what is wrong with what was typed, else that this pushes too far.
  function tell(what) {
    Object.assign(written, what);
    changed("told", written.wrong || written.far || "", (sentence) => {
      fill(told, sentence);
      told.classList.toggle("wrong", Boolean(written.wrong));
    });
  }

  function changed(what, now, draw) {
    if (written[what] === now) return;
    written[what] = now;
    draw(now);
  }
}

// The words around the number, which can be typed: ["clamped to ", "12", ""]. A mode that rests at no number is named.
function partsOf(slider, value, to) {
  const strength = value ?? modeOf(slider).idle;
  if (strength !== null) return amountParts(slider, strength, { to });
  return [`${modeOf(slider).name} `, amountOf(slider, null), ""];
}

/**
 * What follows the amount: " = 45 raw · measured at kin 0 → 33.6", in parts.
 * @returns {[text: string, attributes?: object][]}
 */
function outcome(slider, value, { run, card, steer, chosen, held }) {
  /** @type {[text: string, attributes?: object][]} */
  const parts = [];
  const other = otherUnit(run, slider, value);
  if (other) parts.push([` = ${sig3(other.number)} ${other.unit}`, { class: "dim other-unit" }]);
  if (held) parts.push([" held", { class: "held-word" }]);
  const offGrid = chosen && !isIdle(slider, value) && !slider.strengths.includes(value);
  if (offGrid && run?.start && armAt(run, steer) < 0) {
    return [...parts, [" · not on the grid: asked for alone", { class: "dim" }]];
  }
  const seen = measuredOf(run, steer, slider, card);
  if (!seen) return parts;
  const what = !seen.own ? `${seen.of} at ` : seen.after === null ? "fires at " : "measured at ";
  parts.push([" · "], [what, { class: seen.own && seen.after !== null ? "spared" : "" }], [visible(seen.token), {
    class: "mono",
  }], [` ${sig3(seen.before)}`]);
  if (seen.after !== null) parts.push([" → "], [sig3(seen.after), { class: "after" }]);
  return parts;
}

// "adds strength × d to the residual stream; on the name's tokens; ‖d‖ 1.00, r̄ 44.1 at L3"
function whereOf(run, slider) {
  const used = usedOf(run, slider);
  const r = used?.residual_norm ? `, r̄ ${sig3(used.residual_norm)}` : "";
  const norms = used ? `; ‖d‖ ${sig3(used.norm)}${r} at L${used.layer}` : "";
  return `${modeOf(slider).about}; on ${SCOPES[slider.scope] ?? slider.scope}${norms}`;
}

function fixedNumber() {
  const root = h("b", {});
  return { root, show: (text) => root.textContent === text || (root.textContent = text) };
}
