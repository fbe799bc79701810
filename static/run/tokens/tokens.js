// Tokens: the row of them, what tints it, what a press does, one of them in numbers, and the table behind.
// From `start` (tokens, entity, steered positions), `prompt` and `step` (activations, odds).

import { fill, h, unfold } from "../../core/dom.js";
import { sig3 } from "../../core/format.js";
import { pushWords } from "../steering/amount.js";
import { directions, watches } from "../names.js";
import { rankAt } from "../latents/rank.js";
import { armAt, lastEntity } from "../run.js";
import { sequence, whereOf } from "../sequence.js";
import { aliased } from "../../core/store.js";
import { riskPanel } from "../risk/panel.js";
import { colourChoice, colourLegend } from "./colours.js";
import { beforeAfter, percent, tokenFocus, valueInWords } from "./focus.js";
import { nameReading } from "./reading.js";
import { tokenRow } from "./row.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { tableButton } from "../../parts/table.js";
import { shownWords } from "../picture/words.js";
import { tokenTools } from "./tools.js";

const ONE_ROW = 60; // characters of a prompt that fit into one with its template, by and large
// A second prompt is read and selected for itself, and not asked again from its tokens.
const OWN = { hover: "otherHover", token: "otherToken", live: "otherLive", look: "otherLook" };
const MARKED = { span: "otherSpan", tool: "otherTool" };

/** compact: a second prompt's tokens, with nothing to choose, below the page's first: where it is wide, both names end
 * at the same place. */
export function tokenStrip(element, page, { compact = false } = {}) {
  const state = compact ? aliased(page, OWN) : page;
  const strip = h("div", { class: "strip", role: "group", "aria-label": "Tokens; arrow keys move" });
  const focus = h("div", { class: "focus" });
  const body = h("div", { class: `tokens-body${compact ? " tokens-beside" : ""}` }, strip, focus);
  const label = compact ? "Tokens of the second prompt" : "Tokens of the prompt";
  const placed = () => (compact ? align(strip) : makeRoom(strip));
  if (compact) {
    const read = h("div", {});
    fill(element, body, read);
    const anew = page.on(["otherPrompt"], () => state.set("token", null));
    const removes = [
      anew,
      tokenRow(strip, state, { label, placed }),
      tokenFocus(focus, state),
      nameReading(read, aliased(page, MARKED)),
    ];
    return () => leave(element, removes);
  }
  strip.classList.toggle("long", (state.get("typed") ?? "").length > ONE_ROW); // a link's tokens come in a moment
  const choice = h("fieldset", { class: "segmented colours" });
  const tools = h("div", { class: "row tools" });
  const legend = h("span", { class: "legend note" });
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const read = h("div", {});
  const behind = h("div", { class: "behind" });
  const save = pictureButtons(() => [legend, strip], () => tokenWords(state));
  const risk = riskPanel(state);
  const by = h("span", { class: "note", "aria-hidden": "true" }, "coloured by");
  const more = unfold("tokens", "Tools", h("div", { class: "row token-tools" }, by, choice, tools, save, button));
  fill(
    element,
    h("div", { class: "row tokens-head" }, h("h2", {}, "Tokens"), legend, risk.root, more),
    body,
    read,
    behind,
  );
  const removes = [
    colourChoice(choice, state),
    colourLegend(legend, state),
    tokenTools(tools, state),
    tokenRow(strip, state, { label, placed }),
    tokenFocus(focus, state),
    nameReading(read, state),
    risk.remove,
    tableButton(button, behind, state, ["run", "steer", "card", "look"], () => tokenTable(state)),
  ];
  return () => leave(element, removes);
}

// What tints them is part of what the picture shows.
function tokenWords(state) {
  const latent = watches(state.get("run"), state.get("card"))[state.get("colour")];
  return shownWords(latent ? `${latent.short} ${latent.label}` : "Tokens", state, linkHere(location));
}

function leave(element, removes) {
  for (const remove of removes) remove();
  fill(element);
}

// The answer begins a row of its own. A prompt of one row leaves one for it; a longer one gets three, and scrolls. The
// name is in sight.
function makeRoom(strip) {
  const cells = strip.querySelectorAll(".strip-part:first-child .cell");
  if (!cells.length) return;
  const [first, last] = [cells[0], cells[cells.length - 1]].map(({ offsetTop }) => offsetTop);
  strip.classList.toggle("long", last > first);
  const name = [...strip.querySelectorAll(".in-entity")].at(-1);
  if (name) strip.scrollTop = name.offsetTop - strip.clientHeight / 2;
}

// What is shorter before the name begins further to the right; what is longer is scrolled to the left.
function align(strip) {
  strip.style.setProperty("--indent", "0px");
  const ends = [document.querySelector(".strip"), strip].map((one) => [...one.querySelectorAll(".in-entity")].at(-1));
  if (!ends.every((end) => end?.offsetParent) || getComputedStyle(strip).flexWrap === "wrap") return;
  const [above, own] = ends.map((end) => end.getBoundingClientRect().right);
  strip.style.setProperty("--indent", `${Math.max(0, above - own - strip.scrollLeft)}px`);
  strip.scrollLeft = Math.max(0, own + strip.scrollLeft - above);
}

function tokenTable(state) {
  const run = state.get("run");
  const list = watches(run, state.get("card"));
  if (!run?.prompt) return { caption: "Tokens", head: ["token"], rows: [] };
  const steer = state.get("steer");
  const arm = armAt(run, steer);
  const pushed = directions(run, state.get("card"))[steer.sweep ?? -1];
  const named = ({ short, label }) => (label === short ? short : `${short} ${label}`);
  const { words, value } = pushed ? pushWords("swept", pushed, steer.strength, { brief: true }) : {};
  return {
    caption: pushed
      ? `Activations and rank, baseline → ${pushed.label} ${words}${value}; odds of each token`
      : "Activations and rank; odds of each token",
    head: ["#", "token", "place", ...list.map(named), "p", "log p, nats", "entropy, nats", "risk"],
    text: [0, 1, 2],
    rows: sequence(run, arm).map((place) => {
      const { pos, name, odds } = place;
      const latents = list.map(({ target }, i) => {
        const [before, after] = beforeAfter(run, arm, i, pos);
        const rank = (after ?? before) ? rankAt(state, target, pos, arm !== 0) : "";
        return valueInWords(before, after) + (rank && `, ${rank}`);
      });
      const number = (value) => (typeof value === "number" ? sig3(value) : "–");
      const cells = [String(pos), name, whereOf(run, place), ...latents, percent(odds)];
      return {
        cells: [...cells, number(odds?.logprob), number(odds?.entropy_nats), number(odds?.risk)],
        now: pos === lastEntity(run),
      };
    }),
  };
}
