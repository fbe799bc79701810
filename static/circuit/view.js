// A circuit as it is drawn, on its page and in a finding: claim, tests, columns, what is chosen, its turn, heads, and how
// far all of it can be trusted. Draws from the channels alone; knows no address, no question and no network but turns.

import { $, fill, h, listen } from "../core/dom.js";
import { keyOf } from "../core/keys.js";
import { mount } from "../parts/mount.js";
import { chosenView } from "./chosen.js";
import { circuitClaim, leading, testClaim } from "./claim.js";
import { groupsAreIn, sidesOf } from "./graph.js";
import { told } from "./sentence.js";
import { groupColumns } from "./columns/groups.js";
import { latentColumns } from "./columns/latents.js";
import { nodeTable } from "./columns/table.js";
import { headRows } from "./heads.js";
import { chosenOf } from "./points.js";
import { readCircuit } from "../parts/circuit_address.js";
import { trustStrip } from "./strip.js";
import { defaultTests } from "./tests.js";
import { turnView } from "./turn.js";

const VIEWS = { groups: ["Groups", groupColumns], latents: ["Latents", latentColumns], table: ["Table", nodeTable] };
const NARROW = matchMedia("(max-width: 640px)");

/** The channels that a circuit is drawn from, and what they hold at first. */
export const CIRCUIT_CHANNELS = {
  graph: null, // graph.js Graph
  select: null, // a group's id, a node's, or "pins"; null: what leads
  side: "b", // the prompt that is turned
  about: null, // the prompt that was asked about, where the page was come to with one
  x: 0, // where the slider stands, points.js
  turns: new Map(), // answers to turns, by turn.js turnKey
  test: null, // a default test that is pressed
  view: "groups",
  least: 0.01, // of the gap: nodes with less are hidden
  pins: [],
  narrow: false,
  partners: [], // { name, ask }: what can be put beside one prompt alone
  live: false, // a worker answers turns
};

/** Channels from what a finding's view kept of them, each a short text. */
export function chosenIn(options) {
  const query = new URLSearchParams(options);
  return readCircuit(`#${query}`).chosen;
}

export function circuitView(state) {
  NARROW.addEventListener("change", () => state.set("narrow", NARROW.matches));
  state.set("narrow", NARROW.matches);
  state.on(["graph"], () => choose(state.get("graph")));
  state.on(["graph", "test", "about"], claimed);
  state.on(["graph", "test", "x"], marked);
  state.on(["run"], () => {
    const parts = document.querySelectorAll(".circuit-top, .circuit-bench, #looking, #trust");
    for (const part of parts) part.classList.toggle("circuit-before", state.get("run")?.phase === "asking");
  });
  mount(defaultTests, $("tests"), state);
  mount(chosenView, $("chosen"), state, $("why"));
  mount(turnView, $("turn"), state);
  mount(headRows, $("heads"), state);
  mount(trustStrip, $("trust"), state);
  views();
  listen(document, "keydown", pressed);

  // What was measured first, or what a test came to while one is pressed.
  function claimed() {
    const [graph, test] = [state.get("graph"), state.get("test")];
    if (!graph?.start) return fill($("claim"), graph && "Nothing was measured for this question.");
    const lines = test ? sidesOf(graph).map((side) => testClaim(graph, test, side)).filter(Boolean) : [];
    fill(
      $("claim"),
      lines.length
        ? lines.map((line) => h("p", {}, told(line)))
        : told((groupsAreIn(graph) && circuitClaim(graph, state.get("about"))) || waiting(graph)),
    );
  }

  // What stands here untouched while something is turned or tested says so, and nothing of an earlier question stays.
  function marked() {
    const [graph, test, x] = ["graph", "test", "x"].map(state.get);
    const side = $("drawing").closest(".circuit-bench");
    side.classList.toggle("changed", Boolean(graph?.start && (test || x !== 0)));
    for (const button of $("views").querySelectorAll("button")) button.disabled = !graph?.start;
    $("looking").hidden = Boolean(graph && !graph.start);
  }

  // What leads is chosen until a reader chooses.
  function choose(graph) {
    if (
      !graph?.start || state.get("narrow") ||
      (state.get("select") && chosenOf(graph, state.get("select"), state.get("pins")))
    ) return;
    const lead = leading(graph, state.get("about"));
    if (!lead) return;
    state.set("side", lead.side);
    state.set("select", lead.group.id);
  }

  function views() {
    let remove = null;
    const look = (name) => {
      state.set("view", name);
      if (state.get("narrow")) $("views").scrollIntoView({ block: "start" });
    };
    const buttons = h(
      "div",
      { class: "segmented", role: "group", "aria-label": "View" },
      Object.entries(VIEWS).map(([name, [words]]) =>
        h("button", { type: "button", value: name, onclick: () => look(name) }, words)
      ),
    );
    fill($("views"), buttons, h("span", { id: "view-more", class: "row wrap push" }));
    state.on(["view"], () => {
      const view = Object.hasOwn(VIEWS, state.get("view")) ? state.get("view") : "groups";
      for (const button of buttons.children) {
        button.setAttribute("aria-pressed", String(/** @type {any} */ (button).value === view));
      }
      remove?.();
      fill($("view-more"));
      remove = mount(VIEWS[view][1], $("drawing"), state);
    });
  }

  function pressed(event) {
    const key = keyOf(event);
    const target = /** @type {HTMLElement} */ (event.target);
    if (!key || event.ctrlKey || event.metaKey || event.altKey || target.closest?.("input, textarea, select, dialog")) {
      return;
    }
    if (key === "/") find(event);
    else if (key === "g" || key === "G") state.set("view", "groups");
    else if (key === "p" || key === "P") document.getElementById("pin")?.click();
  }

  function find(event) {
    event.preventDefault();
    state.set("view", "table");
    document.getElementById("find")?.focus();
  }
}

/** What stands in the claim's place before one is measured. */
const waiting = (graph) =>
  graph.phase === "running"
    ? "Measuring what each part does…"
    : "Nothing that tells names apart was measured here, so nothing is claimed.";
