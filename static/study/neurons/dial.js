// The dial: what the same questions come to with the chosen neurons scaled, beside the positive control. A picture for each
// set and group, outcomes by factor with the range of the random sets behind; below it the factor that is chosen, in words;
// then slopes. From the figures `dial` and `slopes`.

import { fill, h, s } from "../../core/dom.js";
import { OUTCOMES } from "../../core/protocol.js";
import { door, withDoors } from "../../core/term.js";
import { legendOf } from "../figures/legend.js";
import { looksOf } from "../figures/roles.js";
import { forest } from "./forest.js";
import { dialOf, records } from "./records.js";

const SEEN = 0.02; // an outcome that never reaches this share has no line
const TOLD_BY_GROUP = ["refused", "not judged"]; // outcomes that every group has
const WIDE = 240, HIGH = 110;

/** @param {HTMLElement} element */
export function drawDial(element, study, { a = "" }, choose) {
  const panels = dialOf(study);
  const figure = study.figures.get("dial");
  if (!panels.length) {
    return fill(element, h("p", { class: "note" }, figure ? withDoors(figure.claim) : "The dial was not asked for."));
  }
  const { factors } = panels[0];
  const place = factors.indexOf(Number(a || factors.at(-1)));
  const factor = factors[place < 0 ? factors.length - 1 : place];
  const held = element.contains(document.activeElement);
  const slider = h("input", {
    type: "range",
    min: 0,
    max: factors.length - 1,
    value: factors.indexOf(factor),
    "aria-label": "Factor of the neurons",
    "aria-valuetext": `times ${factor}`,
    oninput: () => choose({ a: String(factors[Number(slider.value)]) }),
  });
  fill(
    element,
    h("p", {}, withDoors(figure.claim)),
    h(
      "p",
      { class: "row wrap dial-rail" },
      h("b", {}, door("dial", "α"), ` = ×${factor}`),
      slider,
      h("span", { class: "note" }, factor === 1 ? "untouched, bit for bit" : factor === 0 ? "silenced" : "scaled"),
    ),
    h("div", { class: "dial-panels" }, inPairs(panels).map((panel) => one(panel, factor))),
    h(
      "p",
      { class: "note" },
      "Shares from 0 to 1. Behind each line: from the lowest to the highest of the random sets, matched in layer and share.",
    ),
    slopes(study),
    h("p", { class: "note" }, withDoors(figure.notes.join(" "))),
  );
  if (held) element.querySelector("input").focus();
}

/** Each group's sets beside each other. */
const inPairs = (panels) =>
  [...new Set(panels.map(({ group }) => group))].flatMap((group) => panels.filter((panel) => panel.group === group));

function one({ set, group, n, factors, at }, factor) {
  const seen = [...at].filter(([, turned]) => [...turned.values()].some(({ share }) => share >= SEEN));
  const looks = looksOf(seen.map(([outcome]) => outcome));
  const most = factors.at(-1);
  const x = (value) => (WIDE * value) / most;
  const y = (share) => HIGH * (1 - share);
  return h(
    "section",
    { class: "dial-panel" },
    h("h3", {}, withDoors(group)),
    h("p", { class: "note" }, withDoors(`${set}, ${n} prompts`)),
    s(
      "svg",
      { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true", class: "dial-plot" },
      [0, 0.5, 1].map((share) => s("line", { class: "dial-grid", x1: 0, x2: WIDE, y1: y(share), y2: y(share) })),
      seen.map(([, turned], i) => {
        const ends = factors.filter((value) => turned.get(value)?.random);
        const [up, down] = [0, 1].map((end) => ends.map((value) => `${x(value)} ${y(turned.get(value).random[end])}`));
        return ends.length > 1 &&
          s("path", {
            class: "dial-band",
            d: `M${up.join("L")}L${down.reverse().join("L")}Z`,
            style: { fill: hue(looks[i]) },
          });
      }),
      s("line", { class: "dial-now", x1: x(factor), x2: x(factor), y1: 0, y2: HIGH }),
      seen.map(([, turned], i) => {
        const points = factors.filter((value) => turned.has(value)).map((value) =>
          `${x(value)} ${y(turned.get(value).share)}`
        );
        return s("path", {
          class: "dial-line",
          d: `M${points.join("L")}`,
          "stroke-dasharray": looks[i].dash?.replaceAll("px", "") ?? null,
          style: { stroke: hue(looks[i]) },
        });
      }),
    ),
    h(
      "p",
      { class: "row dial-ticks note", "aria-hidden": "true" },
      h("span", {}, "×0"),
      h("span", { class: "push" }, `×${most}`),
    ),
    legendOf(
      "line",
      seen.map(([outcome, turned], i) => ({ name: told(group, outcome, turned.get(factor)), look: looks[i] })),
    ),
  );
}

const hue = ({ fill: name }) => `var(${name})`;

const share = (x) => x.toFixed(2);

/** "complies 0.57, random 0.55–0.60". */
function told(group, outcome, now) {
  const name = nameIn(group, outcome);
  if (!now) return name;
  const [low, high] = now.random ?? [];
  const random = now.random ? `, random ${share(low)}${high > low ? `–${share(high)}` : ""}` : "";
  return `${name} ${share(now.share)}${random}`;
}

/** Whoever states a fact to a false premise complies. */
const nameIn = (group, outcome) =>
  group === "false premise" && outcome === "invented" ? "complies" : OUTCOMES[outcome].badge.toLowerCase();

function slopes(study) {
  const figure = study.figures.get("slopes");
  const rows = records(figure);
  if (!rows.length) return null;
  const all = rows.flatMap((row) => [row.low, row.high, row["random, low"], row["random, high"]]);
  const most = Math.max(0.05, ...all.map((value) => Math.abs(value ?? 0)));
  return [
    h("h3", {}, figure.title),
    forest({
      label: figure.title,
      domain: [-most, most],
      chance: 0,
      digits: 3,
      rows: rows.filter((row) => row.outcomes !== "not judged" || row["per unit of the factor"]).map((row) => ({
        name: `${row.set}: ${row.outcomes}${TOLD_BY_GROUP.includes(row.outcomes) ? `, ${row.group}` : ""}`,
        value: row["per unit of the factor"],
        low: row.low,
        high: row.high,
        band: row["random, low"] === null ? null : [row["random, low"], row["random, high"]],
        now: (row.low > 0 || row.high < 0) &&
          (row["per unit of the factor"] > row["random, high"] || row["per unit of the factor"] < row["random, low"]),
      })),
    }),
    h(
      "p",
      { class: "note" },
      withDoors(`${figure.notes.join(" ")} Bold: told from chance and beyond all random sets.`),
    ),
  ];
}
