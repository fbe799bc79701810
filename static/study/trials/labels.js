// Which names a model knows, by thresholds that can be moved: counts follow from the trials. The labelled set can be taken
// along or handed to Discover.

import { fill, h, mark } from "../../core/dom.js";
import { addressOf } from "../../core/root.js";
import { countedByType, csvOfLabelled, handOver, labelled } from "./labelled.js";
import { stacked } from "../../parts/stacked.js";

/** @returns {{ show: (study: object) => void, remove: () => void }} */
export function labelsView(element) {
  let study = null;
  let rule = null; // { k, tau }, those of the request at first
  const k = slider("k", "samples must be right");
  const tau = slider("tau", "attributes must count");
  const table = h("div", {});
  const discover = h(
    "button",
    { class: "button button-primary", type: "button", onclick: search },
    "Search these in Discover",
  );
  const csv = h("button", { class: "button", type: "button", onclick: download }, "Download CSV");
  fill(
    element,
    h("h2", {}, "Labels"),
    h("div", { class: "row wrap labels-rule" }, k.element, tau.element),
    table,
    h("p", { class: "row wrap" }, discover, csv),
  );
  return { show, remove: () => fill(element) };

  function show(now) {
    element.hidden = now.request?.kind !== "label" || !now.trials.length;
    if (element.hidden) return;
    study = now;
    if (!rule) {
      rule = { k: now.request.k, tau: now.request.tau };
      k.set(rule.k, now.request.n_samples);
      tau.set(rule.tau, Math.max(rule.tau, ...labelled(now, rule).map(({ right }) => right.length)));
    }
    draw();
  }

  function draw() {
    const list = labelled(study, rule);
    const counts = countedByType(list);
    const all = [...counts.values()].reduce(
      (sum, one) => ({
        known: sum.known + one.known,
        unknown: sum.unknown + one.unknown,
        neither: sum.neither + one.neither,
      }),
      { known: 0, unknown: 0, neither: 0 },
    );
    discover.disabled = !all.known || !all.unknown;
    discover.title = discover.disabled ? "A search needs known and unknown names" : "";
    fill(
      table,
      stacked({
        caption: "Names that are known, unknown and neither, by type",
        columns: [{ name: "type" }, { name: "known", class: "number" }, { name: "unknown", class: "number" }, {
          name: "neither",
          class: "number",
        }],
        rows: [...counts, ["all", all]].map(([type, one]) => [
          type,
          h("span", { class: "row tight inline" }, mark("known"), String(one.known)),
          h("span", { class: "row tight inline" }, mark("unknown"), String(one.unknown)),
          String(one.neither),
        ]),
      }),
    );
  }

  function slider(name, words) {
    const said = h("output", {});
    const input = h("input", {
      type: "range",
      min: 1,
      "aria-label": words,
      oninput: () => {
        rule = { ...rule, [name]: Number(input.value) };
        tell();
        draw();
      },
    });
    const tell = () => fill(said, name === "k" ? `${input.value} of ${input.max} ${words}` : `${input.value} ${words}`);
    return {
      element: h("label", { class: "row" }, input, said),
      set(value, most) {
        input.max = most;
        input.value = value;
        tell();
      },
    };
  }

  function search() {
    handOver(labelled(study, rule));
    location.href = addressOf("/discover");
  }

  function download() {
    const address = URL.createObjectURL(new Blob([csvOfLabelled(labelled(study, rule))], { type: "text/csv" }));
    h("a", { href: address, download: "labelled.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}
