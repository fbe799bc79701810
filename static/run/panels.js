// Everything a run shows, each view in the element that has its id: the part that Explore and a finding share.

import { answers } from "./answers/answers.js";
import { claimLine } from "./answers/claim.js";
import { doseCurve } from "./curve/curve.js";
import { firstTokens } from "./curve/first_tokens.js";
import { latentMap } from "./map/map.js";
import { randomPushes } from "./curve/random_pushes.js";
import { sliders } from "./steering/slider_rows.js";
import { tokenStrip } from "./tokens/tokens.js";
import { mount } from "../parts/mount.js";

const VIEWS = {
  tokens: tokenStrip,
  curve: doseCurve,
  sliders,
  claim: claimLine,
  answers,
  pushes: randomPushes,
  first: firstTokens,
  map: latentMap,
};

/** Draws all of them from `state`; returns a function that removes them. */
export function panels(state) {
  const removes = Object.entries(VIEWS).map(([id, view]) => mount(view, document.getElementById(id), state));
  return () => removes.forEach((remove) => remove());
}
