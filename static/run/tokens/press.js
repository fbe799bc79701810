// What a press on a token does, by the tool in hand: look at it, mark it as part of the name, or push there too.
// Writes channels; knows nothing about elements.

import { placesOf, toggled } from "../places.js";
import { spanOf, typedPlaces } from "./span.js";
import { changed, namedScope, replaceSlider } from "../steering/sliders.js";

export const toolOf = (state) => (state.get("live") && state.get("tool")) || "look";

export const activeSlider = (state) => state.get("sliders")?.[state.get("active")] ?? null;

/** Where the active slider pushes, or would: prompt tokens, and whether the answer's. `start`: a run's first frame. */
export function planned(state, start) {
  const slider = activeSlider(state);
  if (!slider) return { prompt: new Set(), answer: false };
  return { prompt: new Set(placesOf(slider, start)), answer: slider.generated };
}

/** Whether the tool in hand can do anything with a token. */
export function canPress(state, { role }) {
  const tool = toolOf(state);
  if (tool === "name") return role === "text" || role === "entity";
  return tool === "steer" ? role !== "bos" && activeSlider(state) !== null : true;
}

/** With the tools Look and Steer; names are marked by `markName`. */
export function press(state, start, place) {
  if (!canPress(state, place)) return;
  if (toolOf(state) === "steer") pushAt(state, start, place);
  else state.set("token", state.get("token") === place.pos ? null : place.pos);
}

/** Marks prompt tokens `a` to `b` as the name. @returns {boolean} whether that is another name than before */
export function markName(state, { tokens, request }, a, b) {
  const span = spanOf(tokens, request.prompt, a, b);
  const now = state.get("span");
  if (!span || (now && now.start === span.start && now.end === span.end)) return false;
  state.set("span", span);
  return true;
}

/** The nearest token that can be part of a name. */
export function nearestTyped(tokens, pos) {
  const all = typedPlaces(tokens);
  return all.length ? all.reduce((best, one) => (Math.abs(one - pos) < Math.abs(best - pos) ? one : best)) : null;
}

/** Lets the active slider push where its scope says, and not at chosen tokens. */
export const backToScope = (state) => change(state, (slider, card) => ({ scope: namedScope(slider, card) }));

// An answer's tokens are not there before they are generated, so they are pushed all or none.
function pushAt(state, start, { pos, role }) {
  change(state, (slider, card) => {
    if (role !== "answer") return toggled(slider, pos, start, namedScope(slider, card));
    const alone = slider.scope === "positions" && !slider.positions.length;
    return { generated: !slider.generated, ...(alone && { scope: namedScope(slider, card) }) };
  });
}

function change(state, how) {
  const card = state.get("card");
  const slider = activeSlider(state);
  replaceSlider(state, state.get("active"), changed(slider, how(slider, card), card));
}
