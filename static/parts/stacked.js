// A table that becomes a list of labelled lines where there is no room for columns. The roles are written out,
// because a browser forgets them when CSS gives rows another display.

import { h } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";

/** A cell with nothing to say; left out of a phone's list. */
export const NOTHING = "–";

/**
 * `columns` are { name, class? }; a cell is text, an element or a list of them; the first is the row's header.
 * `name` "" needs no label on a phone.
 */
export function stacked({ caption, shown = false, columns, rows }) {
  const met = new Set();
  return h(
    "table",
    { class: "stacked", role: "table" },
    h("caption", { class: shown ? null : "sr" }, caption),
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        columns.map(({ name, class: kind }) =>
          h(
            "th",
            { scope: "col", role: "columnheader", class: kind ?? null },
            name ? labelDoor(name, met) : h("span", { class: "sr" }, "link"),
          )
        ),
      ),
    ),
    h(
      "tbody",
      { role: "rowgroup" },
      rows.map((cells) =>
        h(
          "tr",
          { role: "row" },
          cells.map((cell, i) =>
            h(
              i ? "td" : "th",
              {
                role: i ? "cell" : "rowheader",
                scope: i ? null : "row",
                class: [columns[i].class, cell === NOTHING && "nothing"].filter(Boolean).join(" ") || null,
                "data-label": columns[i].name || null,
              },
              typeof cell === "string" ? withDoors(cell, met) : cell,
            )
          ),
        )
      ),
    ),
  );
}
