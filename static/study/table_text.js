// A figure's table in words: cells with three significant digits, columns with their units, and the whole as CSV. Pure.

import { sig3 } from "../core/format.js";
import { COUNTED_UNITS, UNITS } from "../core/protocol.js";

/** "refused (share)"; a plain count or a word has no unit, and what is named after its unit says it once. */
export const headOf = ({ name, unit }) =>
  unit && !name.endsWith(unit) ? `${name} (${Object.hasOwn(UNITS, unit) ? UNITS[unit].name : unit})` : name;

/** A cell as the page writes it; an empty one is a dash. */
export function cellText(cell, { unit } = { unit: "" }) {
  if (cell === null || cell === undefined || cell === "") return "–";
  if (typeof cell !== "number") return String(cell);
  if (Number.isInteger(cell) && COUNTED_UNITS.includes(unit)) return String(cell).replace("-", "−");
  return cell === 1 && unit === "share" ? "1.00" : sig3(cell);
}

/** Whether a column holds numbers, and so reads from the right. */
export const isNumeric = (rows, column) =>
  rows.some((row) => typeof row[column] === "number") &&
  rows.every((row) => row[column] === null || typeof row[column] === "number");

/**
 * RFC 4180, numbers as they were measured. A text that a spreadsheet would take for a formula begins with '. Begins with
 * a byte order mark: without one, some take it for another encoding.
 */
export function csvOf({ columns, rows }) {
  const cell = (value) => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return "\ufeff" + [columns.map(headOf), ...rows].map((row) => row.map(cell).join(",") + "\r\n").join("");
}

/** The values of a column, each once, in the order of the rows; one null where there is no such column. */
export function valuesOf(rows, column) {
  return column === null || column === undefined ? [null] : [...new Set(rows.map((row) => row[column]))];
}
