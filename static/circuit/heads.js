// Why it looks at the name: heads at the end as rows, with what of the gap moves when a head's output or its pattern
// alone is the other prompt's; a row opens what its keys add to its score. From the frames `heads`, `looked`.

import { lookCircuit, Refused } from "../core/api.js";
import { fill, h, s } from "../core/dom.js";
import { door, withDoors } from "../core/term.js";
import { percent, sig3, visible } from "../core/format.js";
import { gapMissing, mText } from "./claim.js";
import { sideOf, sidesOf, whoIs } from "./graph.js";

const SHOWN = 8; // heads, until all are asked for

export function headRows(element, state) {
  let all = false;
  let opened = null; // "3.0"
  let looked = new Map(); // by "3.0" or "3.0/key": a `looked` frame, a problem or null while it is on its way
  let of = null; // the graph that it was looked at
  const off = state.on(["graph", "live"], draw);
  return () => {
    off();
    fill(element);
  };

  function draw() {
    const graph = state.get("graph");
    if (!graph?.start || !graph.heads.length) {
      return fill(
        element,
        h("p", { class: "note" }, graph?.phase === "done" ? "No heads were read in this circuit." : "Heads come last."),
      );
    }
    if (of !== graph.start) [of, looked, opened] = [graph.start, new Map(), null];
    const pair = sidesOf(graph).length > 1;
    const moves = (row) =>
      Math.max(...[row.output_a, row.output_b, row.pattern_a, row.pattern_b].map((x) => Math.abs(x ?? 0)));
    const rows = [...graph.heads].sort((x, y) => moves(y) - moves(x));
    const most = Math.max(...rows.map(moves), 1e-9);
    const held = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.head;
    const names = sidesOf(graph).map((side) => whoIs(graph, side));
    fill(
      element,
      h("p", { class: "heads-verdict" }, lookingWords(graph)),
      bandWords(graph) && h("p", { class: "note" }, withDoors(bandWords(graph))),
      h(
        "div",
        { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "Table of heads" },
        h(
          "table",
          {},
          h("caption", { class: "sr" }, "Heads at the end of the prompt"),
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              h("th", { scope: "col" }, "head"),
              names.map((name) => h("th", { scope: "col" }, door("attention", "attention"), ` to ${name}`)),
              pair &&
                names.map((name) => h("th", { scope: "col" }, `output of the other, in ${name}`)),
              pair && names.map((name) => h("th", { scope: "col" }, `its pattern alone, in ${name}`)),
            ),
          ),
          h(
            "tbody",
            {},
            rows.slice(0, all ? rows.length : SHOWN).map((
              row,
            ) => [
              line(row, most, pair),
              opened === key(row) && h("tr", {}, h("td", { colspan: 7, class: "text" }, keys(graph, row))),
            ]),
          ),
        ),
      ),
      rows.length > SHOWN &&
        h(
          "button",
          { type: "button", class: "button button-plain", onclick: () => ((all = !all), draw()) },
          all ? "Fewer" : `All ${rows.length} heads`,
        ),
    );
    if (held) /** @type {HTMLElement} */ (element.querySelector(`[data-head="${held}"]`))?.focus();
  }

  function line(row, most, pair) {
    const id = key(row);
    const bar = (x) =>
      x === null ? h("td", {}, "–") : h(
        "td",
        {},
        h(
          "span",
          { class: "head-move" },
          mText(x),
          s(
            "svg",
            { width: 60, height: 10, "aria-hidden": "true" },
            s("line", { class: "head-zero", x1: 30, x2: 30, y1: 0, y2: 10 }),
            s("rect", {
              class: "head-bar",
              x: 30 + Math.min(0, (x / most) * 29),
              y: 2,
              height: 6,
              width: Math.max(0.5, (Math.abs(x) / most) * 29),
            }),
          ),
        ),
      );
    const attention = (x) =>
      h(
        "td",
        {},
        x === null
          ? "–"
          : h("span", { class: "head-move" }, sig3(x), h("span", { class: "head-look", style: { "--v": String(x) } })),
      );
    return h(
      "tr",
      {},
      h(
        "th",
        { scope: "row" },
        h("button", {
          type: "button",
          class: "link mono",
          "data-head": id,
          "aria-expanded": String(opened === id),
          disabled: !state.get("live"),
          onclick: () => open(row),
        }, id),
      ),
      attention(row.attention_a),
      pair && attention(row.attention_b),
      pair && [bar(row.output_a), bar(row.output_b), bar(row.pattern_a), bar(row.pattern_b)],
    );
  }

  function open(row) {
    opened = opened === key(row) ? null : key(row);
    if (opened) { for (const side of sidesOf(state.get("graph"))) ask(row, side, null); }
    draw();
  }

  async function ask(row, side, column) {
    const [graph, id] = [state.get("graph"), `${key(row)}/${side}/${column}`];
    if (looked.has(id)) return;
    const mine = looked;
    mine.set(id, null);
    try {
      mine.set(
        id,
        await lookCircuit({
          kind: "look",
          circuit: graph.start.request,
          side,
          layer: row.layer,
          head: row.head,
          key: column,
        }),
      );
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      mine.set(id, error);
    }
    if (mine === looked) draw();
  }

  function keys(graph, row) {
    return h(
      "div",
      { class: "head-keys" },
      sidesOf(graph).map((side) => {
        const found = looked.get(`${key(row)}/${side}/null`);
        const name = h("b", {}, whoIs(graph, side));
        if (!found) return h("div", {}, name, h("p", { class: "note" }, "Looking…"));
        if (found instanceof Error) return h("div", {}, name, h("p", { class: "problem" }, found.message));
        const best = [...found.keys].sort((x, y) => y.attention - x.attention).slice(0, 5);
        return h(
          "div",
          {},
          name,
          h("p", { class: "note" }, "What each token adds to the score, above the mean over all:"),
          h(
            "ul",
            {},
            best.map((one) => {
              const pos = graph.start.columns[one.column][side];
              const pairs = looked.get(`${key(row)}/${side}/${one.column}`);
              return h(
                "li",
                {},
                h(
                  "button",
                  { type: "button", class: "link mono", onclick: () => (ask(row, side, one.column), draw()) },
                  pos === null ? "–" : visible(sideOf(graph, side).tokens[pos].text),
                ),
                ` ${mText(one.score)}, attention ${sig3(one.attention)}`,
                pairs instanceof Error && h("p", { class: "problem" }, pairs.message),
                pairs?.pairs && h(
                  "ul",
                  {},
                  pairs.pairs.map(({ query, key: other, score }) =>
                    h(
                      "li",
                      {},
                      h("span", { class: "mono" }, `${partName(query)} × ${partName(other)}`),
                      ` ${mText(score)}`,
                    )
                  ),
                ),
              );
            }),
          ),
        );
      }),
    );
  }
}

/** What heads' outputs moved in a random direction did, as far as the swap moves them; "" where none were. */
function bandWords(graph) {
  const found = sidesOf(graph).map((side) => [whoIs(graph, side), graph.headsBand[side]]).filter(([, band]) => band);
  if (!found.length) return "";
  const of = found.map(([who, band]) => `${mText(band.low)} to ${mText(band.high)} in ${who}`);
  return `${found[0][1].n} outputs moved as far in random directions: ${of.join(", ")}.`;
}

const key = ({ layer, head }) => `${layer}.${head}`;

/** What a part of a query or a key is called, protocol/worker/looked.py LookedPart; null: all of it. */
const partName = (part) =>
  !part
    ? "all"
    : part.kind === "sae"
    ? `L${part.layer} #${part.index}`
    : part.kind === "block"
    ? `L${part.layer}`
    : part.kind;

/** Attention or the moved values, where each decides: what of the gap moves where all heads look as on the other prompt.
 * Of protocol/worker/circuit_frames.py PatternShare; "" where it was not measured. */
export function lookingWords(graph) {
  const { heads, patterns } = graph;
  if (!patterns.length || gapMissing(graph)) return "";
  const most = (queries) => {
    const found = patterns.find((one) => one.queries === queries);
    return Math.max(...[found?.in_a, found?.in_b].map((x) => Math.abs(x ?? 0)));
  };
  const where = { end: "from the end", name: "inside the name", elsewhere: "elsewhere" };
  const shares = patterns.map(({ queries, in_a: a, in_b: b }) =>
    `${where[queries]} ${[a, b].filter((x) => x !== null && x !== undefined).map((x) => percent(x)).join(" | ")}`
  );
  const [inside, end] = [most("name"), most("end")];
  const lead = !heads.length || Math.max(inside, end, most("elsewhere")) < LITTLE
    ? "Where heads look moves nothing: what they carry does."
    : `${insideWords(inside)}${inside < SOME ? "At" : "at"} the end, ${
      end < SOME
        ? "what heads carry decides, not where they look"
        : end > MUCH
        ? "where heads look decides"
        : "both where heads look and what they carry count"
    }.`;
  return `${lead} Of the gap, looking alone moves ${shares.join(", ")}.`;
}

const [LITTLE, SOME, MUCH] = [0.05, 0.33, 0.67]; // of the gap

// The name's tokens are put together before anything at the end reads them.
const insideWords = (share) =>
  share < SOME ? "" : `Inside the name, where heads look ${share > MUCH ? "decides" : "counts"}; `;
