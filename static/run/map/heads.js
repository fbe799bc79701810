// The names of the heat map's rows: each opens the latent's card, and can be taken off what is watched. They stay in
// sight while the map scrolls. Only where a run can be asked for are they more than names.

import { fill, h, mark } from "../../core/dom.js";
import { unwatch } from "../latents/pins.js";

/** `draw(grid, unit)`: `unit` is a row's height in px. Nothing is written that is there already. */
export function rowHeads(element, state) {
  let written = "";
  return { draw };

  function draw(grid, unit) {
    const rows = grid.rows.map(({ watch, target, role, label, short, side, from, to }) => {
      return { watch, target, role, label, short, side, from, to };
    });
    const live = Boolean(state.get("live"));
    const spelled = JSON.stringify([rows, unit, live]);
    if (spelled === written) return;
    written = spelled;
    const latents = rows.filter(({ watch }, i) => rows[i - 1]?.watch !== watch);
    fill(
      element,
      latents.map((latent) => {
        const own = rows.filter(({ watch }) => watch === latent.watch);
        const high = (own.at(-1).to - latent.from) * unit;
        const name = live ? nameButton(latent) : h("span", { class: "head-name" }, named(latent));
        return h(
          "li",
          { style: { "--top": `${latent.from * unit}px`, "--height": `${high}px` } },
          name,
          live && offButton(latent, latents.length),
          h("span", { class: "head-sides" }, own.map(({ side }) => h("span", {}, side))),
        );
      }),
    );
  }

  function nameButton(latent) {
    const onclick = () => state.set("latent", latent.target);
    const title = `${latent.label}: open its card`;
    return h("button", { type: "button", class: "bare head-name", title, onclick }, named(latent));
  }

  function offButton({ target, short, watch }, n) {
    const onclick = () => {
      const colour = state.get("colour");
      if (colour >= watch && colour > 0) state.set("colour", colour === watch ? 0 : colour - 1);
      unwatch(state, target);
    };
    const title = n > 1 ? "Watch it no more; runs again" : "The last one that is watched stays";
    const name = `Take ${short} off`;
    const attributes = {
      type: "button",
      class: "bare head-off",
      title,
      "aria-label": name,
      "data-off-picture": true,
      disabled: n === 1,
      onclick,
    };
    return h("button", attributes, "×");
  }
}

function named({ role, short, label }) {
  const about = label === short ? null : h("span", { class: "wide" }, ` ${label.toLowerCase()}`);
  return [mark(role), h("span", { class: "mono" }, short), about];
}
