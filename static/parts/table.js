// A button and the table behind a plot. The table is written when it is opened, kept up while it is open, and gone after.

import { fill, h, listen } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";

/**
 * `read()` gives { caption, head: string[], rows: { cells: string[], now?: boolean }[], text?: number[] },
 * where `text` are the columns that read from the left.
 */
export function tableButton(button, element, state, names, read) {
  button.setAttribute("aria-expanded", "false");
  element.hidden = true;
  const draw = () => fill(element, element.hidden ? null : table(read()));
  const offs = [
    state.on(names, draw),
    listen(button, "click", () => {
      element.hidden = !element.hidden;
      button.setAttribute("aria-expanded", String(!element.hidden));
      draw();
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };
}

function table({ caption, head, rows, text = [0] }) {
  const side = (i) => (text.includes(i) ? "text" : null);
  const met = new Set();
  return h(
    "div",
    { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `Table: ${caption}` },
    h(
      "table",
      {},
      h("caption", { class: "sr" }, caption),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((cell, i) => h("th", { scope: "col", class: side(i) }, labelDoor(cell, met))),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map(({ cells, now }) =>
          h(
            "tr",
            { class: now ? "now" : null },
            cells.map((cell, i) =>
              h(
                i ? "td" : "th",
                { scope: i ? null : "row", class: side(i) },
                typeof cell === "string" ? withDoors(cell, met) : cell,
              )
            ),
          )
        ),
      ),
    ),
  );
}
