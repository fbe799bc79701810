// What a press on a token does: look, mark the name, or choose where to push. Beside it, what was chosen and the way
// back. Only where a run can be asked for.

import { fill, h } from "../../core/dom.js";
import { count } from "../../core/format.js";
import { SCOPES } from "../../core/protocol.js";
import { namedScope } from "../steering/sliders.js";
import { activeSlider, backToScope, planned, toolOf } from "./press.js";

const TOOLS = [
  { id: "look", name: "Look", about: "Press a token to read it, here and in the lists of latents" },
  { id: "name", name: "Mark name", about: "Drag over tokens, or press one; with Shift, press or move to another" },
  { id: "steer", name: "Steer", about: "Press tokens to push there, and again not to" },
];

export function tokenTools(element, state) {
  const choice = h(
    "fieldset",
    { class: "segmented tool-choice" },
    h("legend", { class: "sr" }, "Press a token to"),
    TOOLS.map(({ id, name, about }) => {
      const onchange = () => state.set("tool", id);
      return h("label", { title: about }, h("input", { type: "radio", name: "tool", value: id, onchange }), name);
    }),
  );
  const said = h("span", { class: "note tool-said", role: "status" });
  const back = h("button", { class: "button tool-back", type: "button", hidden: true, onclick: () => undo() });
  let undo = null;
  fill(element, h("span", { class: "note", "aria-hidden": "true" }, "press to"), choice, said, back);
  const off = state.on(["live", "tool", "run", "sliders", "active", "card"], draw);
  return () => {
    off();
    fill(element);
  };

  function draw() {
    element.hidden = !state.get("live");
    if (element.hidden) return;
    const tool = toolOf(state);
    for (const input of choice.querySelectorAll("input")) input.checked = input.value === tool;
    const start = state.get("run")?.start;
    if (!start && tool !== "look") return; // a run begins: what was said still holds
    const { words, way } = NOTES[tool](state, start);
    if (said.title !== words) fill(said, said.title = words);
    undo = way?.go;
    back.hidden = !way;
    fill(back, way?.name);
  }
}

const NOTES = {
  look: () => ({ words: "", way: null }),
  name: () => ({ words: "", way: null }), // reading.js says it
  steer(state, start) {
    const slider = activeSlider(state);
    if (!slider) return { words: "no slider", way: null };
    const { prompt, answer } = planned(state, start);
    const places = slider.scope === "positions" ? count(prompt.size, "chosen token") : SCOPES[slider.scope];
    const words = `${slider.label}: ${places}${answer ? ", and the answer's" : ""}`;
    if (slider.scope !== "positions") return { words, way: null };
    const to = SCOPES[namedScope(slider, state.get("card"))];
    return { words, way: { name: `Back to ${to}`, go: () => backToScope(state) } };
  },
};
