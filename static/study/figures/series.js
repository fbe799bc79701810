// What of a figure is drawn in one go, and its panels. Pure; knows no Plotly.

import { cellText, valuesOf } from "../table_text.js";
import { given } from "./axes.js";
import { looksOf, roleOf } from "./roles.js";

/**
 * What is drawn in one go, by the series column, else by the role column. A series may have several roles, bars in every
 * row, other forms in every panel: `parts` are those, each with a look of its own.
 * @returns {{ name: string, role: string, look: object, is: (row: any[]) => boolean,
 *             parts: { name: string, role: string, look: object }[], partOf: (row: any[]) => object }[]}
 */
export function seriesOf(figure) {
  const { rows, plot } = figure;
  const by = plot.series ?? plot.role;
  const role = (row) => (given(plot.role) ? roleOf(row[plot.role]) : "other");
  const list = valuesOf(rows, by).map((value) => {
    const is = (row) => !given(by) || row[by] === value;
    const telling = plot.form === "bars"
      ? rows.filter(is)
      : panelsOf(figure).map((panel) => panel.rows.find(is)).filter(Boolean);
    const roles = [...new Set((telling.length ? telling : rows.filter(is)).map(role))];
    return { name: value === null ? "" : cellText(value), is, roles };
  });
  const looks = looksOf(list.flatMap(({ roles }) => roles));
  return list.map(({ name, is, roles }) => {
    const called = (one) => (roles.length === 1 ? name : plot.form === "bars" ? towards(one) : `${name}, ${one}`);
    const parts = roles.map((one) => ({ name: called(one), role: one, look: looks.shift() }));
    return { ...parts[0], name, is, parts, partOf: (row) => parts[Math.max(0, roles.indexOf(role(row)))] };
  });
}

/** What is drawn over each bar: what was run beside it, under its column's name; null where a figure has none. */
export const controlOf = ({ columns, plot }) =>
  plot.form === "bars" && given(plot.control)
    ? { name: columns[plot.control].name, role: "control", look: looksOf(["control"])[0] }
    : null;

/** Each look of a figure with its name, as a legend lists them. */
export const partsOf = (figure) =>
  [...seriesOf(figure).flatMap(({ parts }) => parts), controlOf(figure)].filter(Boolean);

// Directions and groups of names are both called known and unknown: each says which it is.
const towards = (role) => (role === "known" || role === "unknown" ? `${role} direction` : role);
const ofNames = ({ name }, value) => (/\bgroup$/.test(name) ? `${value} names` : value);

/** The plots of a figure, each its own rows. @returns {{ name: string, rows: any[][] }[]} */
export const panelsOf = ({ columns, rows, plot }) =>
  valuesOf(rows, plot.panel).map((value) => ({
    name: !given(plot.panel) ? "" : ofNames(columns[plot.panel], cellText(value)),
    rows: !given(plot.panel) ? rows : rows.filter((row) => row[plot.panel] === value),
  }));
