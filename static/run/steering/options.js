// How one slider pushes, in a popover of its row: mode, unit, scope, whether generated tokens too; what is known of its
// target; and taking it off. From the page's sliders and card. Knows nothing about strengths.

import { fill, h, listen } from "../../core/dom.js";
import { keyOf } from "../../core/keys.js";
import { door, withDoors } from "../../core/term.js";
import { MODES, SCOPES, UNITS } from "../../core/protocol.js";
import { onNeurons, same, titled } from "../names.js";
import { modeOf } from "./amount.js";
import { activate, changed, layerOf, removeSlider, replaceSlider } from "./sliders.js";

/**
 * Makes `button` open it. `at()` is the slider's index among the page's; `id` is the popover's own on the page.
 * The popover is empty while it is closed.
 */
export function steeringOptions(button, state, { id, at }) {
  const panel = h("div", { id, class: "how", popover: "auto", role: "dialog", onkeydown: keepEscape });
  button.popoverTargetElement = panel;
  let refresh = null; // while it is open
  const offs = [
    listen(panel, "beforetoggle", ({ newState }) => newState === "open" && build()),
    listen(panel, "toggle", ({ newState }) => {
      if (newState !== "closed") return;
      refresh = null;
      fill(panel);
    }),
    state.on(["sliders", "run", "card"], () => refresh?.()),
  ];
  return { panel, remove: () => offs.forEach((off) => off()) };

  function build() {
    const { label, evidence } = slider();
    const parts = [modes(), swapTo(), units(), scope(), generated()];
    panel.setAttribute("aria-label", `How ${label} is pushed`);
    fill(
      panel,
      h("div", { class: "row" }, h("h2", {}, `How ${label} is pushed`), closing()),
      ...parts.map(({ root }) => root),
      evidence && h("p", { class: "note evidence" }, withDoors(evidence)),
      removal(),
    );
    refresh = () => state.get("sliders")[at()] && parts.forEach((part) => part.draw());
    refresh();
    stand();
  }

  function slider() {
    return state.get("sliders")[at()];
  }

  function change(what) {
    replaceSlider(state, at(), changed(slider(), what, state.get("card")));
    activate(state, at());
  }

  // Under its button, or above it where there is more room. A phone's stylesheet puts it at the bottom.
  function stand() {
    const { top, bottom, right } = button.getBoundingClientRect();
    const above = top > innerHeight - bottom;
    panel.classList.toggle("above", above);
    const edges = {
      "--right": `${document.documentElement.clientWidth - right - scrollX}px`,
      "--top": `${bottom + scrollY + 4}px`,
      "--bottom": `${innerHeight - top - scrollY + 4}px`,
      "--room": `${(above ? top : innerHeight - bottom) - 12}px`,
    };
    for (const [name, edge] of Object.entries(edges)) panel.style.setProperty(name, edge);
  }

  // ---- its parts: an element, and what brings it up to date without making it anew, so that the focus stays

  function modes() {
    const list = Object.entries(MODES);
    const inputs = list.map(([mode]) =>
      h("input", { type: "radio", name: `${id}-mode`, value: mode, onchange: () => to(mode) })
    );
    const whys = list.map(([, { needs_to }]) => needs_to && h("span", { class: "note" }));
    const root = h(
      "fieldset",
      {},
      h("legend", {}, door("mode", "Mode")),
      list.map(([, { name, about }], i) =>
        h(
          "label",
          { class: "choice" },
          inputs[i],
          h("b", {}, name),
          " ",
          h("span", { class: "note" }, about, whys[i]),
        )
      ),
    );
    return { root, draw };

    function to(mode) {
      change(MODES[mode].needs_to ? { mode, to: others()[0].target } : { mode });
    }

    function draw() {
      inputs.forEach((input, i) => {
        input.checked = input.value === slider().mode;
        input.autofocus = input.checked;
        if (onNeurons(slider().target)) input.disabled = !input.checked;
        if (!whys[i]) return;
        input.disabled = !input.checked && others().length === 0;
        fill(whys[i], input.disabled && `. ${whyNoSwap()}`);
      });
    }
  }

  function swapTo() {
    const select = h("select", { onchange: () => change({ to: others()[select.selectedIndex].target }) });
    const root = h("label", { class: "field-line" }, h("span", {}, "Its value moves to"), select);
    let drawn = "";
    return { root, draw };

    function draw() {
      const { to } = slider();
      root.hidden = !modeOf(slider()).needs_to;
      if (root.hidden) return;
      const list = others();
      const names = list.map(({ label, short }) => (label === short ? label : `${label}, ${short}`));
      if (String(names) !== drawn) {
        fill(
          select,
          names.map((name) => h("option", {}, name)),
        );
      }
      drawn = String(names);
      select.selectedIndex = list.findIndex(({ target }) => same(target, to));
    }
  }

  function units() {
    const inputs = Object.keys(UNITS).map((unit) =>
      h("input", { type: "radio", name: `${id}-unit`, value: unit, onchange: () => change({ unit }) })
    );
    const labels = inputs.map((input) => h("label", {}, input, UNITS[input.value].name));
    const root = h(
      "fieldset",
      {},
      h("legend", {}, door("strength", "Unit")),
      h("div", { class: "segmented" }, labels),
      h("span", { class: "note" }, " ", door("r_bar"), ": mean residual norm at last name tokens"),
    );
    return { root, draw };

    function draw() {
      const { unit, target } = slider();
      const card = state.get("card");
      const r = card?.residual_norm?.[layerOf(target, card)];
      const { units } = modeOf(slider());
      root.hidden = units.length < 2;
      inputs.forEach((input, i) => {
        labels[i].hidden = !units.includes(input.value);
        input.checked = input.value === unit;
        input.disabled = input.value === "residual_norm" && !input.checked && !r;
      });
    }
  }

  function scope() {
    const list = Object.entries(SCOPES).map(([name, words]) => h("option", { value: name }, words));
    const select = h("select", { onchange: () => change({ scope: select.value }) }, list);
    const words = "choose them with Steer above the tokens";
    const tool = h("button", { type: "button", class: "link", onclick: chooseTokens }, words);
    const root = h(
      "div",
      {},
      h("label", { class: "field-line" }, h("span", {}, "Pushed at"), select),
      h("p", { class: "note" }, "Other tokens: ", tool, "."),
    );
    return { root, draw };

    function draw() {
      const now = slider();
      const chosen = list.find(({ value }) => value === "positions");
      chosen.disabled = now.scope !== "positions";
      fill(chosen, SCOPES.positions, now.scope === "positions" && ` (${now.positions.length})`);
      select.value = now.scope;
    }

    function chooseTokens() {
      activate(state, at());
      state.set("tool", "steer");
      panel.hidePopover();
    }
  }

  function generated() {
    const input = h("input", { type: "checkbox", onchange: () => change({ generated: input.checked }) });
    const root = h("label", { class: "choice" }, input, "Generated tokens too");
    return { root, draw: () => (input.checked = slider().generated) };
  }

  function closing() {
    return h("button", { type: "button", class: "button push", onclick: () => panel.hidePopover() }, "Close");
  }

  function removal() {
    const last = state.get("sliders").length < 2;
    const title = last ? "The last slider stays" : null;
    return h(
      "button",
      { type: "button", class: "button", disabled: last, title, onclick: () => removeSlider(state, at()) },
      "Remove this slider",
    );
  }

  // ---- where a latent's value can move to

  function others() {
    const { target } = slider();
    if (target.kind !== "latent") return [];
    const card = state.get("card");
    const watched = (state.get("run")?.start?.watched ?? []).map((one) => titled(one.target, one, card));
    const found = [];
    for (const one of [...state.get("sliders"), ...watched]) {
      const fits = one.target.kind === "latent" && layerOf(one.target, card) === layerOf(target, card);
      if (fits && ![slider(), ...found].some((seen) => same(seen.target, one.target))) found.push(one);
    }
    return found;
  }

  function whyNoSwap() {
    if (slider().target.kind !== "latent") return "Only a latent's value can be moved.";
    return "No other latent of this layer is watched or has a slider: watch one first.";
  }
}

function keepEscape(event) {
  if (keyOf(event) === "Escape") event.stopPropagation(); // it closes the popover; on the page it stops a run
}
