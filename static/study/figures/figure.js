// A figure of a study: what it shows in a sentence, the plot, how it was measured, and the whole table behind it, which
// can be taken along. From a `figure` frame (protocol/worker/study_frames.py). Knows nothing about any particular study.

import { cellText, csvOf, headOf, isNumeric } from "../table_text.js";
import { chart } from "../../core/chart.js";
import { fill, h } from "../../core/dom.js";
import { labelDoor, withDoors } from "../../core/term.js";
import { linkHere, pictureButtons } from "../../parts/picture/picture.js";
import { saveFile } from "../../parts/picture/save_file.js";
import { figureWords } from "../picture/words.js";
import { given } from "./axes.js";
import { heatRange, heatStops } from "./heat.js";
import { legendOf } from "./legend.js";
import { axisWords, plotOf, roomOf } from "./plots.js";
import { panelsOf, partsOf } from "./series.js";

const MOST_ROWS = 400; // of the table on the page; the file has all
const MOST_PLOTS = 4; // more of them stand behind what says how many; those of the first figure are in sight

/** A figure that may be measured further while one looks: what is open stays open. */
export function liveFigure(element, { first = true } = {}) {
  const title = h("h3", {});
  const claim = h("p", { class: "figure-claim" });
  const legend = h("div", { class: "figure-legend" });
  const plots = h("div", { class: "panels" });
  const notes = h("ul", { class: "figure-notes note" });
  const summary = h("span", {});
  const table = h("div", {});
  const details = h(
    "details",
    { class: "figure-table", ontoggle: () => drawTable() },
    h("summary", {}, summary),
    table,
  );
  const many = h("summary", {});
  const fold = h("details", { class: "figure-fold", ontoggle: canSave }, many, legend, plots);
  const save = pictureButtons(() => [legend, plots], () => now && figureWords(study, now, linkHere(location)));
  let now = null;
  let study = null; // what the figure is of
  let panels = []; // { place, plot, rows }

  element.classList.add("study-figure");
  fill(
    element,
    h("div", { class: "row" }, title, h("span", { class: "push" }, save)),
    claim,
    fold,
    notes,
    details,
  );
  return {
    show(figure, of) {
      study = of;
      if (figure === now) return;
      now = figure;
      fill(title, figure.title);
      element.setAttribute("aria-label", figure.title);
      fill(claim, withDoors(figure.claim ?? ""));
      claim.hidden = !figure.claim;
      fill(notes, figure.notes.map((note) => h("li", {}, withDoors(note))));
      notes.hidden = !figure.notes.length;
      fill(summary, `Table, ${figure.rows.length.toLocaleString("en")} ${figure.rows.length === 1 ? "row" : "rows"}`);
      if (!figure.plot) details.open = true;
      drawPlots();
      drawTable();
    },
    remove() {
      for (const { plot } of panels) plot.remove();
      panels = [];
      element.classList.remove("study-figure");
      fill(element);
    },
  };

  function drawPlots() {
    const list = now.plot && now.rows.length ? panelsOf(now) : [];
    fold.hidden = !list.length;
    if (list.length !== panels.length) {
      const folds = !first && list.length > MOST_PLOTS;
      if (many.hidden || !folds || !panels.length) fold.open = !folds;
      many.hidden = !folds;
      fill(many, `${list.length} plots${given(now.plot.panel) ? ` by ${now.columns[now.plot.panel].name}` : ""}`);
      for (const { plot } of panels) plot.remove();
      panels = list.map(panel);
      fill(plots, panels.map(({ place }) => place));
      plots.classList.toggle("panels-one", list.length === 1);
      plots.classList.toggle("panels-square", now.plot.form === "roc");
    }
    canSave();
    if (!list.length) return;
    plots.style.setProperty("--panel", `${roomOf(now)}px`);
    fill(
      legend,
      now.plot.form === "heat" ? ramp(now) : legendOf(now.plot.form, partsOf(now)),
    );
    list.forEach(({ name, rows }, i) => {
      const one = panels[i];
      one.rows = rows;
      fill(one.name, name);
      one.name.hidden = !name;
      one.plot.draw();
    });
  }

  /** What is folded away is not drawn. */
  function canSave() {
    save.hidden = fold.hidden || !fold.open;
  }

  function panel() {
    const box = h("div", { class: "figure-plot" });
    const one = {
      rows: [],
      name: h("h4", {}),
      y: h("span", {}),
      x: h("p", { class: "note axis-x" }),
      list: h("ol", { class: "axis-list" }),
    };
    const make = (colour, width) => {
      const made = plotOf(now, one.rows, colour, width);
      const { x, y } = axisWords(now);
      box.style.height = `${made.height}px`;
      fill(one.y, made.lying ? x : y);
      fill(one.x, made.lying ? y : x);
      fill(one.list, made.list.map((name) => h("li", {}, name)));
      one.list.hidden = !made.list.length;
      return made;
    };
    // The table says the same, in words.
    one.place = h(
      "div",
      { class: "panel", "aria-hidden": "true" },
      h("div", { class: "row panel-head" }, one.name, h("span", { class: "note" }, one.y)),
      box,
      one.x,
      one.list,
    );
    one.plot = chart(box, make);
    return one;
  }

  function drawTable() {
    if (!details.open || !now) return;
    const { title, columns, rows } = now;
    const met = new Set();
    const side = columns.map((_, i) => (isNumeric(rows, i) ? null : "text"));
    const shown = rows.slice(0, MOST_ROWS);
    fill(
      table,
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `Table: ${title}` },
        h(
          "table",
          {},
          h("caption", { class: "sr" }, title),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              columns.map((column, i) => h("th", { scope: "col", class: side[i] }, labelDoor(headOf(column), met))),
            ),
          ),
          h(
            "tbody",
            {},
            shown.map((row) =>
              h(
                "tr",
                {},
                row.map((cell, i) =>
                  h(
                    i ? "td" : "th",
                    { scope: i ? null : "row", class: side[i] },
                    withDoors(cellText(cell, columns[i]), met),
                  )
                ),
              )
            ),
          ),
        ),
      ),
      h(
        "p",
        { class: "row" },
        rows.length > shown.length && h("span", { class: "note" }, `The first ${MOST_ROWS} rows; the file has all.`),
        h("button", { class: "button", type: "button", onclick: () => download(now, study) }, "Download CSV"),
      ),
    );
  }
}

function ramp(figure) {
  const unit = figure.columns[figure.plot.value];
  const stops = heatStops(figure).map((name) => `var(${name})`);
  const [low, high] = heatRange(figure);
  return h(
    "p",
    { class: "row note" },
    labelDoor(headOf(unit)),
    h("span", {}, cellText(low, unit)),
    h("span", {
      class: "figure-ramp-bar",
      "aria-hidden": "true",
      style: { background: `linear-gradient(to right, ${stops.join(", ")})` },
    }),
    h("span", {}, cellText(high, unit)),
  );
}

function download(figure, { request }) {
  const name = [request.kind, request.model, figure.id].join("-").replaceAll("/", "-");
  saveFile(new Blob([csvOf(figure)], { type: "text/csv" }), `${name}.csv`);
}
