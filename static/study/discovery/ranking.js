// The best latents as rows: on which share of each type's known and unknown names they fire, how well that tells them
// apart on the training half, which ranked them, and on the test names, which did not. From tallies (study/discovery/counts.js);
// intervals and AUROC from the `ranking` frame where it has the latent.

import { fill, h, mark, s } from "../../core/dom.js";
import { door, labelDoor, withDoors } from "../../core/term.js";
import { count, probability, sig3 } from "../../core/format.js";
import { byChance, howMany, ROLES } from "./counts.js";
import { WEAK } from "./headline.js";

const FEW = 13; // rows at first
const NOTHING = "–";
const NUMBERS = [...["train", "test", "95 %", "corpus", "AUROC"].map((name) => [name, "number"]), ["", "pin"]];

/**
 * `state` has counts, options and rows (of `rowsOf`, study/discovery/report.js). `act.pin(row)`, `act.select(row)`;
 * `act.isPinned(row)`; `act.card(row)` or null.
 */
export function rankingTable(element, state, act) {
  const off = state.on(["rows", "options", "card", "study"], () => {
    const held = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset.key;
    const { rows, specialists } = state.get("rows");
    fill(element, rows.length ? [best(rows), more(rows), legend(), alone(specialists)] : nothing());
    if (held && document.activeElement === document.body) {
      [...element.querySelectorAll("[data-key]")]
        .find((one) => one.dataset.key === held)
        ?.focus({ preventScroll: true });
    }
  });
  return () => {
    off();
    fill(element);
  };

  function nothing() {
    const { study, options } = Object.fromEntries(["study", "options"].map((name) => [name, state.get(name)]));
    const counted = state.get("counts")?.dictionaries.some(({ cells }) => cells.size);
    if (!counted) {
      const going = study.phase === "done" || !study.opening ? "No latent fired." : "The first names are being read…";
      return h("p", { class: "note ranking-empty" }, going);
    }
    const which = options.role === "both" ? "No latent" : `No ${options.role} latent`;
    return h(
      "p",
      { class: "note ranking-empty" },
      `${which} fires more on one side in every type. `,
      options.most !== "off" && "Raise or switch off the corpus filter, or look at one type alone.",
    );
  }

  function best(rows) {
    const { types } = state.get("counts");
    const weak = rows.findIndex(({ score }) => score < WEAK);
    const n_columns = types.length + 8;
    const lines = shown(rows).map((row, i) => line(row, i + 1, types));
    if (weak >= 0 && weak < lines.length) lines.splice(weak, 0, below(n_columns));
    return h(
      "div",
      { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Ranking" },
      h(
        "table",
        { class: "ranking", role: "table" },
        h("caption", { class: "sr" }, "The best latents, ranked by separation on the training half"),
        head([...["rank", "latent"].map((name) => [name]), ...types.map((type) => [type, "type"]), ...NUMBERS]),
        h("tbody", { role: "rowgroup" }, lines),
      ),
    );
  }

  function shown(rows) {
    return state.get("options").rows === "all" ? rows : rows.slice(0, FEW);
  }

  function more(rows) {
    const all = state.get("options").rows === "all";
    if (rows.length <= FEW) return null;
    const choose = () => act.choose({ rows: all ? "few" : "all" });
    return h(
      "p",
      { class: "ranking-more" },
      h(
        "button",
        { class: "link", type: "button", "data-key": "more", onclick: choose },
        all ? `Show the first ${FEW}` : `Show all ${rows.length}`,
      ),
    );
  }

  function below(n_columns) {
    const { most } = state.get("options");
    const { n, reach } = howMany(state.get("counts"), most === "off" ? null : Number(most), WEAK);
    const types = state.get("counts").types.length;
    const text = `Below here nothing tells ${
      types > 1 ? `all ${count(types, "type")}` : "the names"
    } apart by ${WEAK} or more: ${(n - reach).toLocaleString("en")} of ${count(n, "latent")}.`;
    return h("tr", { class: "ranking-below", role: "row" }, h("td", { colspan: n_columns, role: "cell" }, text));
  }

  function line(row, rank, types) {
    const selected = state.get("options").latent === row.id;
    return h(
      "tr",
      { role: "row", class: selected ? "now" : null },
      cell("td", "rank", rank),
      h("th", { scope: "row", role: "rowheader", class: "name" }, name(row)),
      types.map((type) =>
        cell(
          "td",
          "type",
          shares(row.types.find((one) => one.type === type)),
          type,
        )
      ),
      numbers(row),
    );
  }

  function legend() {
    const chance = ROLES.flatMap((role) => byChance(state.get("study").figures, role)).map(({ high }) => high);
    return h(
      "p",
      { class: "note ranking-legend" },
      ...ROLES.map((role) => [
        h(
          "span",
          { class: "row tight inline" },
          mark(role),
          role === "known" ? "fires on this share of known names" : "of unknown names",
        ),
        " · ",
      ]),
      door("site", "L3"),
      " is layer 3 as sae-lens counts, ",
      door("paper_layer", "4 in the paper"),
      ". ",
      door("separation_min", "Separation"),
      " is the gap in the worst type. Ranked on the ",
      door("split", "training half"),
      " alone; the test names, four tenths, never rank.",
      chance.length > 0 &&
        withDoors(` On shuffled labels the best latent of a layer reaches ${share2(Math.max(...chance))} at most.`),
      " Detecting a name is not controlling the answer: pin a latent and push it in Explore.",
    );
  }

  function alone(specialists) {
    if (!specialists.length) return null;
    return h(
      "section",
      { class: "specialists", "aria-labelledby": "specialists-title" },
      h("h2", { id: "specialists-title" }, "Best for one type alone"),
      h(
        "p",
        { class: "note" },
        "They may say nothing of the other types. In the paper these tell their type apart far better than any latent tells all four.",
      ),
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Table: best for one type alone" },
        h(
          "table",
          { class: "ranking", role: "table" },
          h("caption", { class: "sr" }, "The best latent of each role for each type alone"),
          head([["type"], ["latent"], ["fires on", "type"], ...NUMBERS]),
          h(
            "tbody",
            { role: "rowgroup" },
            specialists.map((row) =>
              h(
                "tr",
                { role: "row", class: state.get("options").latent === row.id ? "now" : null },
                cell("td", "only", row.only),
                h("th", { scope: "row", role: "rowheader", class: "name" }, name(row)),
                cell(
                  "td",
                  "type",
                  shares(row.types.find(({ type }) => type === row.only)),
                  "fires on",
                ),
                numbers(row),
              )
            ),
          ),
        ),
      ),
    );
  }

  /** What both tables end with; NUMBERS is their head. */
  function numbers(row) {
    return [
      cell("td", "number", number(row.score), "train"),
      cell("td", "number tested", number(row.test), "test"),
      cell(
        "td",
        "number dim",
        row.interval ? `${share2(row.interval[0])} to ${share2(row.interval[1])}` : NOTHING,
        "95 %",
      ),
      cell("td", "number", share(row.corpus_share), "corpus"),
      cell("td", "number", auroc(row), "AUROC"),
      cell("td", "pin", [act.card && cardButton(row), pinButton(row)]),
    ];
  }

  function name(row) {
    const page = state.get("card")?.dictionaries.find(({ id }) => id === row.dictionary)?.neuronpedia;
    const layers = `sae-lens layer ${row.layer}, the paper's layer ${row.paper_layer}`;
    return [
      h(
        "button",
        {
          class: "bare link-plain mono",
          type: "button",
          "data-key": `see ${row.key}`,
          title: `${layers}; ${row.dictionary}`,
          "aria-pressed": String(state.get("options").latent === row.id),
          onclick: () => act.select(row),
        },
        mark(row.role),
        h("span", { class: "sr" }, `${row.role}: `),
        `L${row.layer} #${row.latent}`,
      ),
      page &&
      h(
        "a",
        {
          class: "outside",
          href: `https://www.neuronpedia.org/${page}/${row.latent}`,
          rel: "noopener",
          target: "_blank",
          title: "On Neuronpedia",
        },
        h("span", { "aria-hidden": "true" }, "↗"),
        h("span", { class: "sr" }, "Neuronpedia"),
      ),
    ];
  }

  function cardButton(row) {
    return h(
      "button",
      {
        class: "link",
        type: "button",
        "data-key": `card ${row.key}`,
        "aria-label": `Card of L${row.layer} #${row.latent}`,
        onclick: () => act.card(row),
      },
      "card",
    );
  }

  function pinButton(row) {
    const pinned = act.isPinned(row);
    return h(
      "button",
      {
        class: pinned ? "bare link-plain pinned" : "link",
        type: "button",
        "data-key": `pin ${row.key}`,
        "aria-pressed": String(pinned),
        "aria-label": `Pin L${row.layer} #${row.latent}`,
        onclick: () => act.pin(row),
      },
      pinned ? "pinned" : "pin",
    );
  }
}

function head(columns) {
  return h(
    "thead",
    { role: "rowgroup" },
    h(
      "tr",
      { role: "row" },
      columns.map(([name, kind]) =>
        h(
          "th",
          { scope: "col", role: "columnheader", class: kind ?? name },
          name ? labelDoor(name) : h("span", { class: "sr" }, "pin"),
        )
      ),
    ),
  );
}

const cell = (tag, kind, content, label = null) =>
  h(tag, { class: content === NOTHING ? `${kind} nothing` : kind, role: "cell", "data-label": label }, content);

/** Dot: known names on which it fires. Ring: unknown ones. The line between them is the separation. */
function shares(one) {
  if (!one) return h("span", { class: "note" }, "counting…");
  const at = (f) => `${100 * f}%`;
  const way = one.f_known >= one.f_unknown ? "known" : "unknown";
  return [
    s(
      "svg",
      { class: "shares", "aria-hidden": "true" },
      s("line", { class: "shares-track", x1: "0%", x2: "100%", y1: 8, y2: 8 }),
      s("line", { class: `shares-gap hue-${way}`, x1: at(one.f_known), x2: at(one.f_unknown), y1: 8, y2: 8 }),
      s("circle", { class: "shares-unknown", cx: at(one.f_unknown), cy: 8, r: 3.5 }),
      s("circle", { class: "shares-known", cx: at(one.f_known), cy: 8, r: 4 }),
    ),
    h(
      "span",
      { class: "sr" },
      `${one.type}: ${share2(one.f_known)} of known, ${share2(one.f_unknown)} of unknown names`,
    ),
  ];
}

const number = (x) => (x === null ? NOTHING : share2(x));
const share2 = (x) => (x < 0 ? "−" : "") + Math.abs(x).toFixed(2);

function share(x) {
  if (x === null) return NOTHING;
  if (x === 0) return "0";
  return x < 0.0001 ? "< 0.01 %" : `${sig3(100 * x)} %`;
}

function auroc({ auroc: value, auroc_low: low, auroc_high: high }) {
  if (value === null || value === undefined) return NOTHING;
  const title = low === null || low === undefined ? null : `95 %: ${share2(low)} to ${share2(high)}`;
  return h("span", { title }, probability(value));
}
