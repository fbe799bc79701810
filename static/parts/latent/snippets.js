// Where a latent fires hardest in the model's sample of text: tokens tinted, the peak marked, white space visible.
// From the frame `firing`.

import { fill, h } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { sig3, visible } from "../../core/format.js";

/** `own` is the card's: its channel `facts` has the frames, or null; `role` tints. */
export function snippets(element, _state, own) {
  const list = h("ol", { class: "snippets" });
  const about = h("span", { class: "note" });
  fill(
    element,
    h("div", { class: "row" }, h("h3", { class: "subhead" }, door("firing", "Where it fires hardest")), about),
    list,
  );
  const off = own.on(["facts"], () => {
    const firing = own.get("facts")?.firing;
    const found = firing?.snippets ?? [];
    list.dataset.role = own.get("role");
    const most = Math.max(0, ...found.flatMap(({ activations }) => activations));
    fill(about, firing && remark(firing));
    fill(list, ...found.map((snippet) => item(snippet, most)));
  });
  return () => {
    off();
    fill(element);
  };
}

/** On how much of the sample it fires. */
export function rate({ n_tokens, n_firing, max_activation }) {
  if (!n_tokens) return "No sample of text comes with this model.";
  const of = `${n_tokens.toLocaleString("en")} tokens of the sample`;
  if (!n_firing) return `Fires on none of ${of}.`;
  return [
    "Fires on ",
    h("b", {}, `${sig3((100 * n_firing) / n_tokens)} %`),
    ` of ${of}, at most ${sig3(max_activation)}.`,
  ];
}

function remark({ n_tokens, n_firing, snippets }) {
  if (!n_tokens) return "no sample of text comes with this model";
  if (!n_firing) return "nowhere in the sample";
  return snippets.length ? "the strongest token of each document of the sample" : "";
}

function item({ texts, activations, peak }, most) {
  const around = [texts.slice(0, peak), texts.slice(peak + 1)].map((part) => part.join(""));
  return h(
    "li",
    {},
    h("b", { class: "snippet-value" }, sig3(activations[peak])),
    h("span", { class: "sr" }, `at “${texts[peak]}” in: ${around[0]}${texts[peak]}${around[1]}`),
    h(
      "span",
      { class: "snippet", "aria-hidden": "true" },
      texts.map((text, i) => [
        h(
          "span",
          {
            class: i === peak ? "piece piece-peak" : "piece",
            style: { "--v": (activations[i] / (most || 1)).toFixed(3) },
            title: `${visible(text)} ${sig3(activations[i])}`,
          },
          spaced(text),
        ),
        h("wbr", {}),
      ]),
    ),
  );
}

function spaced(text) {
  const shown = visible(text);
  const space = shown.match(/^·+/)?.[0] ?? "";
  return [space && h("span", { class: "space" }, space), shown.slice(space.length)];
}
