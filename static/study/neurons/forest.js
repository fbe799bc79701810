// Numbers with their intervals, one below the other on one axis: a dot, a bar, and the number in words beside it. A grey
// band is what random neurons do. The picture is hidden from screen readers, which hear the numbers.

import { h, s } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";

/**
 * @param {{ label: string, domain?: [number, number], chance?: number|null, digits?: number, narrow?: boolean,
 *           band?: [number, number]|null,
 *           rows: { name: string, note?: string, value: number|null, low?: number|null, high?: number|null,
 *                   band?: [number, number]|null, role?: string, now?: boolean }[] }} told
 */
export function forest({ label, rows, domain = [0, 1], chance = null, band = null, digits = 2, narrow = false }) {
  const met = new Set();
  const [least, most] = domain;
  const at = (x) => `${(100 * (Math.min(Math.max(x, least), most) - least)) / (most - least || 1)}%`;
  const wide = ([low, high]) => ({ x: at(low), width: `${Number.parseFloat(at(high)) - Number.parseFloat(at(low))}%` });
  const number = (x) => x.toFixed(digits).replace("-", "−");
  return h(
    "table",
    { class: `forest${digits > 2 ? " forest-fine" : ""}${narrow ? " forest-narrow" : ""}`, role: "table" },
    h("caption", { class: "sr" }, label),
    h("tbody", { role: "rowgroup" }, rows.map(line)),
  );

  function line(row) {
    const around = row.band ?? band;
    return h(
      "tr",
      {
        role: "row",
        class: [row.now && "forest-now", row.role === "control" && "forest-control"].filter(Boolean).join(" ") || null,
      },
      h(
        "th",
        { class: "forest-name", role: "rowheader", scope: "row" },
        withDoors(row.name, met),
        row.note && h("span", { class: "note" }, ` ${row.note}`),
      ),
      h(
        "td",
        { role: "cell", "aria-hidden": "true" },
        s(
          "svg",
          { class: "forest-line" },
          around && s("rect", { class: "forest-band", y: 1, height: 18, ...wide(around) }),
          s("line", { class: "forest-axis", x1: "0%", x2: "100%", y1: 10, y2: 10 }),
          chance !== null && s("line", { class: "forest-chance", x1: at(chance), x2: at(chance), y1: 0, y2: 20 }),
          isNumber(row.low) && isNumber(row.high) &&
            s("line", { class: "forest-interval", x1: at(row.low), x2: at(row.high), y1: 10, y2: 10 }),
          isNumber(row.value) && s("circle", { class: "forest-dot", cx: at(row.value), cy: 10, r: 4 }),
        ),
      ),
      h(
        "td",
        { class: "forest-number", role: "cell" },
        isNumber(row.value) ? h("b", {}, number(row.value)) : "no pairs",
        isNumber(row.low) && isNumber(row.high) &&
          ` ${number(row.low)}${row.low < 0 ? " to " : "–"}${number(row.high)}`,
      ),
    );
  }
}

const isNumber = (x) => typeof x === "number";
