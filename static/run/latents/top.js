// The latents that fire most at one token, dictionary by dictionary: baseline ring, steered dot.
// From `look`: the `latents` frames of a small run that reads the largest at every token, and its `prompt` (FVU).

import { fill, h, mark } from "../../core/dom.js";
import { door, labelDoor, withDoors } from "../../core/term.js";
import { sig3, visible } from "../../core/format.js";
import { activeAt, isRead, valueAt } from "./active.js";
import { fvuHere, isOfThesePushes, isOfThisPrompt, placeOf, shownIn } from "./values.js";
import { same, titled } from "../names.js";
import { armAt, isOpen } from "../run.js";
import { keepButtons } from "./keep.js";

const ROWS = 9;

export function topLatents(element, state) {
  const title = h("h2", {});
  const choice = h("div", { class: "row push" });
  const body = h("div", { class: "top-body" });
  const foot = h("p", { class: "note top-foot" });
  fill(element, h("div", { class: "row top-head" }, title, choice), body, foot);

  let rows = [];
  let drawn = []; // what the rows were drawn from
  let focused = null; // key of a row's button that had the focus when the rows went; it gets it back
  const sight = new IntersectionObserver(([entry]) => entry.isIntersecting && state.set("wantLook", true));
  sight.observe(element);
  const offs = [
    () => sight.disconnect(),
    state.on(["card", "look", "run", "token", "active", "dictionary"], draw),
    state.on(["steer"], drawTitle),
    state.on(["values"], drawRows),
    state.on(["sliders", "watching", "latent"], update),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function draw() {
    drawTitle();
    drawChoice();
    drawRows();
  }

  function drawTitle() {
    const token = tokenAt(state, placeOf(state));
    const name = token && visible(token.text);
    if (title.dataset.token === (name ?? "")) return;
    title.dataset.token = name ?? "";
    fill(title, "Top ", door("latent", "latents"), name && [" at ", h("span", { class: "mono" }, name)]);
  }

  // One segment a layer; where a layer has several dictionaries, one more a dictionary.
  function drawChoice() {
    const all = offered(state);
    const now = all.find(({ id }) => id === chosen());
    const layers = [...new Map(all.map((one) => [one.layer, one])).keys()];
    const here = all.filter(({ layer }) => layer === now?.layer);
    const spelled = JSON.stringify([all, now]);
    if (choice.dataset.spelled === spelled) return;
    choice.dataset.spelled = spelled;
    const first = (layer) =>
      all.find((one) => one.layer === layer && one.trained_on === now.trained_on) ??
        all.find((one) => one.layer === layer);
    const key = focusIn(choice);
    fill(
      choice,
      segments("Layer", layers.map((layer) => [`L${layer}`, first(layer).id, layer === now.layer])),
      here.length > 1 && segments("Trained on", here.map((one) => [kindOf(one, here), one.id, one === now])),
    );
    giveFocus(choice, key);
  }

  function segments(legend, list) {
    return h(
      "fieldset",
      { class: "segmented" },
      h("legend", { class: "sr" }, legend),
      list.map(([text, id, checked]) =>
        h(
          "label",
          {},
          h("input", {
            type: "radio",
            name: `top-${legend}`,
            value: id,
            checked,
            "data-key": `${legend} ${text}`,
            onchange: () => state.set("dictionary", id),
          }),
          text,
        )
      ),
    );
  }

  function chosen() {
    const all = offered(state);
    const of = (id) => all.some((one) => one.id === id) && id;
    const active = state.get("sliders")?.[state.get("active")]?.target;
    const watched = state.get("card")?.watch[0]?.target;
    return of(state.get("dictionary")) || of(active?.dictionary) || of(watched?.dictionary) || all[0]?.id || null;
  }

  function drawRows() {
    const dictionary = chosen();
    const [look, run] = [state.get("look"), state.get("run")];
    const from = [look, run?.start, Boolean(run?.prompt), state.get("token"), dictionary, isOfThesePushes(state)];
    if (from.length === drawn.length && from.every((one, i) => one === drawn[i])) return;
    drawn = from;
    const found = dictionary && read(state, dictionary);
    rows = [];
    fill(foot, dictionary && remark(state, dictionary));
    focused = focusIn(body) ?? (document.activeElement === document.body ? focused : null);
    if (!found) return fill(body, h("p", { class: "note" }, waiting(state, dictionary)));
    if (!found.list.length) return fill(body, h("p", { class: "note" }, "No latent of this dictionary fires here."));
    const most = Math.max(...found.list.flatMap(({ base, shown }) => [base?.value ?? 0, shown?.value ?? 0]));
    rows = found.list.map((one) => row(state, one, found, most));
    fill(body, table(rows.map(({ root }) => root), found));
    update();
    giveFocus(body, focused);
    focused = null;
  }

  function update() {
    const open = state.get("latent");
    for (const { root, target, name, keeps } of rows) {
      const current = Boolean(open && same(open, target));
      root.classList.toggle("now", current);
      if (current) name.setAttribute("aria-current", "true");
      else name.removeAttribute("aria-current");
      keeps.update();
    }
  }
}

function table(rows, { steered }) {
  const head = (text, name) => h("th", { scope: "col", role: "columnheader", class: name }, text);
  return h(
    "table",
    { class: "top-table", role: "table", "aria-label": "Largest activations at this token" },
    h(
      "thead",
      { role: "rowgroup" },
      h(
        "tr",
        { role: "row" },
        head("latent", "top-name"),
        head(labelDoor(steered ? "base" : "activation"), "top-base"),
        head(h("span", { class: "sr" }, "as a line"), "top-pair"),
        head(steered ? "steered" : h("span", { class: "sr" }, "steered"), "top-shown"),
        head(h("span", { class: "sr" }, "pin or watch"), "top-keep"),
      ),
    ),
    h("tbody", { role: "rowgroup" }, rows),
  );
}

function row(state, { target, base, shown }, { steered, pending }, most) {
  const { role, label, short } = titled(target, null, state.get("card"));
  const open = () => state.set("latent", target);
  const name = h(
    "button",
    { class: "bare top-open", type: "button", "data-key": `open ${short}`, title: "Opens its card" },
    h("span", { class: "mono" }, `#${target.latent}`),
    label !== short && h("span", { class: `as-${role}` }, mark(role), label.toLowerCase()),
  );
  const keeps = keepButtons(state, target, short);
  const share = (reading) => (most ? (reading?.value ?? 0) / most : 0);
  const [from, to] = [share(base), share(shown)];
  const pair = h(
    "span",
    { class: `scale hue-${role}`, "aria-hidden": "true" },
    shown && base && h("i", { class: "bar", style: { "--from": Math.min(from, to), "--width": Math.abs(to - from) } }),
    base && h("i", { class: "ring", style: { "--at": from } }),
    shown && h("i", { class: "disc", style: { "--at": to } }),
  );
  const cell = (name, ...content) => h("td", { role: "cell", class: name }, ...content);
  const root = h(
    "tr",
    { role: "row", onclick: ({ target: pressed }) => pressed.closest(".keep") || open() },
    h("th", { scope: "row", role: "rowheader", class: "top-name" }, name),
    cell("top-base", number(base)),
    cell("top-pair", pair),
    cell("top-shown", steered && (pending ? "…" : number(shown))),
    cell("top-keep", keeps.buttons),
  );
  return { root, target, name, keeps };
}

const number = (reading) => (reading ? `${reading.atMost ? "< " : ""}${sig3(reading.value)}` : "–");

/** The largest of baseline and steered together, null while they are not here. */
function read(state, dictionary) {
  const [look, run] = [state.get("look"), state.get("run")];
  if (!isOfThisPrompt(state)) return null;
  const pos = placeOf(state);
  const arm = shownIn(look);
  const sameText = arm === 0 || pos < run.start.tokens.length || sameUpTo(look, arm, pos);
  const before = sameText ? activeAt(look, 0, dictionary, pos) : null;
  const after = arm ? activeAt(look, arm, dictionary, pos) : before;
  if (!after || (sameText && !before)) return null;
  const pending = !isOfThesePushes(state);
  const steered = arm > 0 || pending;
  const size = new Map();
  for (const { latent, value } of [...(before ?? []), ...after]) {
    size.set(latent, Math.max(value, size.get(latent) ?? 0));
  }
  const list = [...size]
    .sort((a, b) => b[1] - a[1] || a[0] - b[0])
    .slice(0, ROWS)
    .map(([latent]) => {
      const target = { kind: "latent", dictionary, latent };
      return {
        target,
        base: before && valueAt(look, 0, target, pos),
        shown: arm && !pending ? valueAt(look, arm, target, pos) : null,
      };
    });
  return { list, steered, pending };
}

// At an answer's token the two arms can be compared only while they say the same.
function sameUpTo(look, arm, pos) {
  const n = pos - look.start.tokens.length + 1;
  const [a, b] = [look.arms[0].tokens, look.arms[arm].tokens];
  return a.length >= n && b.length >= n && b.slice(0, n).every(({ id }, i) => id === a[i].id);
}

function waiting(state, dictionary) {
  const [look, run] = [state.get("look"), state.get("run")];
  if (!dictionary) return "The worker says which dictionaries there are; it has not answered yet.";
  if (look?.refusal) return `${look.refusal.asked} ${look.refusal.allowed} ${look.refusal.change}`;
  if (!run?.start) return "Ask something: then the latents that fire most at a token stand here.";
  if (isOfThisPrompt(state) && !isOpen(look)) return "Nothing was read at this token. Choose another.";
  return "Reading the latents of every token…";
}

function remark(state, dictionary) {
  const fvu = fvuHere(state, dictionary);
  const { layer } = offered(state).find(({ id }) => id === dictionary);
  return fvu === null ? withDoors("FVU, what the dictionary misses, is not measured yet.") : [
    door("fvu", "FVU"),
    ` on this prompt ${sig3(fvu)} at L${layer}: the `,
    door("dictionary", "dictionary"),
    " misses that share of the variance; steering keeps it.",
  ];
}

/** Those that were read; before that, all. */
function offered(state) {
  const all = state.get("card")?.dictionaries ?? [];
  const look = state.get("look");
  return look?.start ? all.filter(({ id }) => isRead(look, id)) : all;
}

const kindOf = (one, here) =>
  here.some((other) => other !== one && other.trained_on === one.trained_on)
    ? one.id.split("/").at(-1)
    : one.trained_on;

function tokenAt(state, pos) {
  const run = state.get("run");
  if (!run?.start || pos === null) return null;
  const n = run.start.tokens.length;
  return pos < n ? run.start.tokens[pos] : (run.arms[armAt(run, state.get("steer"))]?.tokens[pos - n] ?? null);
}

// What is drawn again must not take the focus away.
const focusIn = (element) => {
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  return (element.contains(focused) ? focused.dataset.key : null) ?? null;
};

function giveFocus(element, key) {
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
