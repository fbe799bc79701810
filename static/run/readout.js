// The last line of a page: every number that a measured effect needs beside it. From `start`, `prompt` and `done`.

import { amountOf, modeOf, unitOf } from "./steering/amount.js";
import { fill, h } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";
import { SCOPES, UNITS } from "../core/protocol.js";
import { plain, shortHash, sig3, signed } from "../core/format.js";
import { directions, movedTo, onNeurons, titled } from "./names.js";
import { armAt } from "./run.js";

export function readout(element, state) {
  let drawn = []; // each fact as JSON
  const off = state.on(["run", "steer", "sweep", "card"], () => {
    const list = facts(state);
    const now = list.map((fact) => JSON.stringify(fact));
    const changed = now.flatMap((fact, i) => (fact === drawn[i] ? [] : [i]));
    // A slider that moves changes the strength alone.
    if (now.length === drawn.length && changed.length < 2) {
      for (const i of changed) element.children[i].replaceWith(written(list[i]));
    } else fill(element, ...list.map(written));
    drawn = now;
  });
  return () => {
    off();
    fill(element);
  };
}

/** @param {any[]} fact */
const written = ([name, value, title]) =>
  h("span", { title: title ?? null }, labelDoor(name), " ", h("b", {}, withDoors(value)));

// Only what is added along a direction has an α; the other modes set, scale or take away an activation.
function strengthOf(direction, { residual_norm: r, norm }, { sweep, strength, alpha }, card) {
  const unit = unitOf(direction);
  if (!UNITS[unit].is_length) {
    const amount = amountOf(direction, sweep === null ? null : strength, { to: movedTo(direction, card) });
    return ["strength", amount, modeOf(direction).about];
  }
  const per = Math.abs(norm - 1) < 1e-3 ? "" : ` / ‖d‖ ${sig3(norm)}`;
  const about = "r̄: mean residual norm at last entity tokens, at this layer";
  const [raw, multiple] = [UNITS.raw.name, UNITS.residual_norm.name];
  if (unit === "raw" || r === null) return ["α", `${plain(alpha)} ${raw}${r ? `, r̄ ${sig3(r)}` : ""}`, about];
  return ["α", `${sig3(alpha)} ${raw} = ${signed(strength)} ${multiple} ${sig3(r)}${per}`, about];
}

/** Name, value and perhaps a longer title, for the selected direction and strength. */
export function facts(state) {
  const run = state.get("run");
  if (!run?.start) return [];
  const { start, prompt, done } = run;
  const steer = state.get("steer");
  const direction = directions(run, state.get("card"))[state.get("sweep")];
  const used = direction?.used;
  const arm = start.arms[Math.max(0, armAt(run, steer))];
  const { controls } = start.request;
  const list = [];
  if (used) {
    list.push(strengthOf(direction, used, arm, state.get("card")));
    list.push(["‖d‖", sig3(used.norm), "norm of the direction that is added"]);
    list.push(["site", siteOf(used)]);
    list.push(["scope", SCOPES[direction.scope] ?? direction.scope, `${used.positions.length} prompt positions`]);
  }
  (start.request.hold ?? []).forEach((hold, i) => {
    const { label, short } = titled(hold.target, start.held[i], state.get("card"), run);
    list.push([
      "held",
      `${label} ${amountOf(hold, hold.strength, { to: movedTo(hold, state.get("card"), run) })}`,
      `${short}, in every answer but the baseline's`,
    ]);
  });
  list.push([
    "controls",
    controls.n_directions && start.request.sweeps.length ? `N ${controls.n_directions}, seed ${controls.seed}` : "none",
    direction && onNeurons(direction.target)
      ? "random neurons of the same layers and about the same shares"
      : "random directions of equal norm, at the same place",
  ]);
  start.dictionaries.forEach(({ id, sha256 }, i) => {
    const fvu = prompt?.fvu[i];
    const name = id.split("/").at(-1);
    list.push([
      "dictionary",
      fvu == null ? name : `${name}, FVU here ${sig3(fvu)}`,
      `${id}, ${sha256}; FVU: fraction of variance unexplained on this prompt`,
    ]);
  });
  list.push(["model", `${start.model.id} ${start.model.device} ${start.model.dtype}`, start.model.sha256]);
  for (const warning of start.warnings ?? []) list.push(["note", warning]);
  list.push(["request", shortHash(start.request_sha256), start.request_sha256]);
  list.push(["arms", `${start.arms.length} in one batch${done ? `, ${sig3(done.elapsed_s)} s` : ""}`]);
  return list;
}

/** Of neurons: what they are read and scaled in. */
function siteOf({ layer, paper_layer, neurons = [] }) {
  const layers = [...new Set(neurons.map(([own]) => `L${own}`))];
  return layers.length
    ? `down_proj's input, ${layers.join(", ")}`
    : `L${layer} resid_post (paper: layer ${paper_layer})`;
}
