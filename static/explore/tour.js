// Three sentences on how this works, for who asks: each beside what it speaks of, and of what was measured there.

import { signed } from "../core/format.js";
import { stepsTour } from "../parts/tour.js";
import { worthPushing } from "../run/answers/invite.js";
import { activation, lastEntity } from "../run/run.js";
import { modeOf } from "../run/steering/amount.js";
import { coloured } from "../run/tokens/colours.js";

/** @returns {{ at: string, title: string, text: string }[]} at: the id of what a step speaks of */
export const steps = (state) => [
  { at: "tokens", ...ofTokens(state) },
  { at: "sliders", ...ofSliders(state) },
  {
    at: "pushes",
    title: "Is it the direction, or any push?",
    text: "The same push along random directions: the control beside every effect. Then share what you found.",
  },
];

function ofTokens(state) {
  const [run, latent] = [state.get("run"), coloured(state)];
  const value = latent && run ? activation(run, 0, latent.index, lastEntity(run)) : null;
  if (value === null) {
    return { title: "The prompt, token by token.", text: "What is read at each comes with the answer." };
  }
  return {
    title: `The latent “${latent.label}” ${value > 0 ? "fires" : "is silent"} on this name.`,
    text: "Each token is tinted by how strongly it fires there.",
  };
}

function ofSliders(state) {
  const sliders = state.get("sliders");
  const next = worthPushing(state.get("run"), sliders);
  if (!next) return { title: "Push.", text: "Each slider pushes the model along a direction while it reads." };
  const slider = sliders[next.index];
  const turns = next.turns ? `At ${signed(next.strength)} the answer turns.` : "None of those that are here turns.";
  return {
    title: `Push “${slider.label}” to the ${next.strength < (modeOf(slider).idle ?? 0) ? "left" : "right"}.`,
    text: `The answers along a slider are computed together. ${turns}`,
  };
}

/** A push of a slider leads on to the last step. `again` is the button that starts it. */
export function tour(element, state, again) {
  const { show } = stepsTour(element, again, () => steps(state));
  state.on(["values"], () => {
    if (!element.hidden && state.get("values").some((value) => value !== null)) show(2);
  });
}
