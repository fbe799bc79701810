// Which next tokens a latent writes towards and against, by itself. From the frame `lens`.

import { fill, h } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { sig3, visible } from "../../core/format.js";

/** `own` is the card's: its channel `facts` has the frames, or null. */
export function writes(element, _state, own) {
  const [towards, against] = [h("ol", { class: "lens-list" }), h("ol", { class: "lens-list lens-against" })];
  const column = (name, list) => h("div", {}, h("h3", { class: "subhead" }, door("logit_lens", name)), list);
  fill(element, column("Writes towards", towards), column("Writes against", against));
  const off = own.on(["facts"], () => {
    const lens = own.get("facts")?.lens;
    const most = lens && Math.max(...[...lens.promoted, ...lens.suppressed].map(({ logit }) => Math.abs(logit)));
    for (
      const [list, tokens] of [
        [towards, lens?.promoted],
        [against, lens?.suppressed],
      ]
    ) {
      list.title = "What one unit adds to the token's logit, but for the final norm's division";
      fill(list, tokens?.map((token) => item(token, most)));
    }
  });
  return () => {
    off();
    fill(element);
  };
}

function item({ text, logit }, most) {
  return h(
    "li",
    {},
    h("span", { class: "mono" }, visible(text)),
    h(
      "span",
      { class: "lens-scale", "aria-hidden": "true" },
      h("i", { style: { "--width": Math.abs(logit) / (most || 1) } }),
    ),
    h("span", { class: "lens-number" }, `${logit > 0 ? "+" : ""}${sig3(logit)}`),
  );
}
