// One slider per direction. It scrubs through arms that are already computed, so it asks nothing of the worker:
// it snaps to computed strengths, 0 (the baseline) among them, and touching one sets the others to zero.
// From `start` (arms, norms) and `prompt` (what was measured before and after).

import { domain, share, ticks, unitName } from "../lib/axis.js";
import { fill, h, mark } from "../lib/dom.js";
import { sig3, signed, visible } from "../lib/format.js";
import { directions, SCOPES, watches, watchOf } from "../lib/names.js";
import { activation, armAt, lastEntity } from "../lib/run.js";
import { OUTCOMES } from "../lib/verdicts.js";

export function sliders(element, state) {
  let rows = [];
  let drawn = "";
  const tabs = h("div", { class: "segmented tabs", role: "group", "aria-label": "Direction" });
  const list = h("div", { class: "slider-list" });
  fill(element, tabs, list);
  const offs = [state.on(["run", "card"], build), state.on(["run", "steer", "sweep", "card"], update)];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function build() {
    const found = directions(state.get("run"), state.get("card"));
    const spelled = JSON.stringify(
      found.map(({ target, label, role, strengths, unit }) => [target, label, role, strengths, unit]),
    );
    if (spelled === drawn) return;
    drawn = spelled;
    rows = found.map((direction, sweep) => row(direction, sweep));
    fill(list, ...rows.map(({ root }) => root));
    fill(tabs, ...rows.map(({ tab }) => tab));
    tabs.hidden = rows.length < 2;
  }

  function row(direction, sweep) {
    const stops = [...direction.strengths, 0].sort((a, b) => a - b);
    const value = h("output", { class: "value" });
    const id = `slider-${sweep}`;
    const input = h("input", {
      type: "range",
      id,
      class: "slider",
      "aria-label": direction.label,
      min: stops[0],
      max: stops.at(-1),
      step: "any",
      value: 0,
      oninput: () => steer(nearest(Number(input.value))),
      onkeydown: key,
      ondblclick: () => steer(0),
    });
    const marks = h("div", { class: "stops", "aria-hidden": "true" });
    const root = h(
      "div",
      { class: `direction direction-${direction.role}` },
      h(
        "div",
        { class: "row direction-head" },
        mark(direction.role),
        h("label", { for: id, title: direction.evidence ?? null }, direction.label),
        h(
          "span",
          { class: "latent mono", title: `added on: ${SCOPES[direction.scope] ?? direction.scope}` },
          direction.short,
        ),
        value,
      ),
      h("div", { class: "track" }, h("span", { class: "rail" }), h("span", { class: "filled" }), marks, input),
    );
    const tab = h(
      "button",
      { type: "button", onclick: () => (state.set("sweep", sweep), state.set("steer", { sweep, strength: 0 })) },
      mark(direction.role),
      direction.label,
    );
    return { root, tab, input, value, marks, stops };

    function nearest(x) {
      return stops.reduce((best, stop) => (Math.abs(stop - x) < Math.abs(best - x) ? stop : best));
    }

    function steer(strength) {
      input.value = strength;
      state.set("sweep", sweep);
      const now = state.get("steer");
      if (now.sweep !== sweep || now.strength !== strength) state.set("steer", { sweep, strength });
    }

    function key(event) {
      const now = state.get("steer");
      const at = stops.indexOf(now.sweep === sweep ? now.strength : 0);
      const to = {
        ArrowRight: at + 1,
        ArrowUp: at + 1,
        ArrowLeft: at - 1,
        ArrowDown: at - 1,
        PageUp: at + 4,
        PageDown: at - 4,
        Home: 0,
        End: stops.length - 1,
      }[event.key];
      if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      steer(stops[Math.min(Math.max(to, 0), stops.length - 1)]);
    }
  }

  function update() {
    const run = state.get("run");
    const card = state.get("card");
    const now = state.get("steer");
    const range = domain(state);
    const found = directions(run, card);
    const watched = watches(run, card);
    rows.forEach(({ root, tab, input, value, marks, stops }, sweep) => {
      const direction = found[sweep];
      if (!direction) return;
      const strength = now.sweep === sweep ? now.strength : 0;
      const active = state.get("sweep") === sweep;
      root.classList.toggle("active", active);
      tab.setAttribute("aria-pressed", String(active));
      input.value = strength;
      input.disabled = !run?.start;
      const own = direction.unit === found[state.get("sweep")]?.unit ? range : [stops[0], stops.at(-1)];
      for (const [name, x] of [
        ["--low", stops[0]],
        ["--high", stops.at(-1)],
        ["--zero", 0],
        ["--at", strength],
      ]) {
        root.style.setProperty(name, share(x, own));
      }
      const spelled = `${own}`;
      if (marks.dataset.range !== spelled) {
        marks.dataset.range = spelled;
        const long = ticks(own);
        fill(
          marks,
          stops.map((x) => h("i", { class: long.includes(x) ? "long" : null, style: { "--x": share(x, own) } })),
        );
      }
      const arm = run?.start ? armAt(run, { sweep, strength }) : -1;
      const verdict = run?.arms[arm]?.verdict;
      input.setAttribute(
        "aria-valuetext",
        `${signed(strength)} ${unitName(direction.unit)}${verdict ? `, ${OUTCOMES[verdict.outcome].toLowerCase()}` : ""}`,
      );
      fill(value, ...numbers(run, arm, strength, direction, watched));
    });
  }
}

// "+1.25 × r̄ = 45 raw · at kin 0 → 33.6"
function numbers(run, arm, strength, direction, watched) {
  const watch = watchOf(direction, watched);
  const parts = [h("b", {}, signed(strength))];
  if (direction.unit === "residual_norm") parts.push(" × r̄");
  else parts.push(" raw");
  if (arm > 0 && direction.unit === "residual_norm")
    parts.push(h("span", { class: "dim" }, ` = ${sig3(run.start.arms[arm].alpha)} raw`));
  if (arm < 0 || watch < 0 || !run.prompt) return parts;
  const pos = lastEntity(run);
  const [before, after] = [activation(run, 0, watch, pos), activation(run, arm, watch, pos)];
  const token = h("span", { class: "mono" }, visible(run.start.tokens[pos].text));
  parts.push(
    h(
      "span",
      { class: "measured" },
      watched[watch].short !== direction.short ? ` · ${watched[watch].short} at ` : arm > 0 ? " · measured at " : " · fires at ",
      token,
      ` ${sig3(before)}`,
      arm > 0 && [" → ", h("b", {}, sig3(after))],
    ),
  );
  return parts;
}
