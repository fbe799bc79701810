// A latent at each token of this prompt: a hollow bar for the baseline, a full one for what is shown.
// From `prompt` where it is watched, else from `look` (run/latents/values.js).

import { fill, h } from "../../core/dom.js";
import { sig3, visible } from "../../core/format.js";
import { along } from "../latents/values.js";
import { titled } from "../names.js";
import { tableButton } from "../../parts/table.js";

/** `own` is the card's: its channel `target` has the latent. */
export function alongPrompt(element, state, own) {
  const about = h("span", { class: "note" });
  const button = h("button", { class: "button button-plain push", type: "button" }, "Table");
  const list = h("ol", { class: "along" });
  const label = "Its values along the prompt; the table says the same";
  const wrap = h("div", { class: "along-wrap", tabindex: "0", role: "region", "aria-label": label }, list);
  const behind = h("div", { class: "behind" });
  fill(
    element,
    h("div", { class: "row" }, h("h3", { class: "subhead" }, "On this prompt"), about, button),
    wrap,
    behind,
  );
  const names = ["run", "look", "steer", "values", "card"];
  let items = [];
  let drawn = null; // the tokens that have an item
  let inSight = false;
  const sight = new IntersectionObserver(([entry]) => {
    inSight = entry.isIntersecting;
    draw();
  });
  sight.observe(element);
  const offs = [
    () => sight.disconnect(),
    state.on([...names, "token"], draw),
    tableButton(button, behind, state, names, () => tableOf(state, own.get("target"))),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  // Only while somebody can see it: a slider may be moving.
  function draw() {
    if (!inSight) return;
    const target = own.get("target");
    const tokens = state.get("run")?.start?.tokens ?? null;
    if (tokens !== drawn) {
      drawn = tokens;
      items = (tokens ?? []).map(item);
      fill(list, ...items);
    }
    const found = target && along(state, target);
    const role = target ? titled(target, null, state.get("card")).role : "other";
    list.className = `along hue-${role}`;
    button.disabled = !found;
    fill(about, remark(state, found));
    const { base, shown } = found ?? {};
    const numbers = [...(base ?? []), ...(shown ?? [])].map((reading) => reading?.value ?? 0);
    const most = Math.max(0, ...numbers) || 1;
    items.forEach((element, pos) => {
      const [before, after] = [base?.[pos], shown?.[pos]];
      element.style.setProperty("--base", ((before?.value ?? 0) / most).toFixed(3));
      element.style.setProperty("--shown", ((after?.value ?? 0) / most).toFixed(3));
      const title = `${visible(tokens[pos].text)}, token ${pos}: ${words(before, after, shown)}`;
      if (element.title !== title) element.title = title;
      element.classList.toggle("along-chosen", state.get("token") === pos);
    });
  }
}

function item({ text, role }) {
  return h(
    "li",
    { class: `along-${role}` },
    h(
      "span",
      { class: "along-bars", "aria-hidden": "true" },
      h("i", { class: "along-base" }),
      h("i", { class: "along-shown" }),
    ),
    h("span", { class: "mono along-token" }, visible(text)),
  );
}

function remark(state, found) {
  if (!state.get("run")?.prompt) return "the prompt is not read yet";
  if (!found) return "not read on this prompt yet: watch it to see every token";
  const { base, shown, pending } = found;
  const most = (list) => Math.max(0, ...list.map((reading) => reading?.value ?? 0));
  if (pending) return `baseline up to ${sig3(most(base))}; what is shown is on its way`;
  return shown ? `baseline up to ${sig3(most(base))}, steered up to ${sig3(most(shown))}` : `up to ${sig3(most(base))}`;
}

const number = (reading) => (reading ? `${reading.atMost ? "< " : ""}${sig3(reading.value)}` : "–");
const words = (before, after, shown) => (shown ? `${number(before)} → ${number(after)}` : number(before));

function tableOf(state, target) {
  const run = state.get("run");
  const found = target && along(state, target);
  const caption = "Values along the prompt";
  if (!found) return { caption, head: ["#", "token"], rows: [] };
  return {
    caption,
    head: ["#", "token", "baseline", ...(found.shown ? ["steered"] : [])],
    text: [0, 1],
    rows: run.start.tokens.map(({ text }, pos) => ({
      cells: [String(pos), visible(text), number(found.base[pos]), ...(found.shown ? [number(found.shown[pos])] : [])],
      now: pos === state.get("token"),
    })),
  };
}
