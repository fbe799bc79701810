// The three pictures of the introduction, drawn by the views of Explore from two recordings: one about a known name,
// one about a name of nobody with every strength of its sliders. A press and a slider do what they do there.

import { Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { aliased, channels } from "../core/store.js";
import { mount } from "../parts/mount.js";
import { answers } from "../run/answers/answers.js";
import { claimLine } from "../run/answers/claim.js";
import { doseCurve } from "../run/curve/curve.js";
import { randomPushes } from "../run/curve/random_pushes.js";
import { followSliders, recordedSliders, runAt } from "../run/recording.js";
import { sliders } from "../run/steering/slider_rows.js";
import { colourChoice } from "../run/tokens/colours.js";
import { tokenStrip } from "../run/tokens/tokens.js";

const RESTING = { sweep: null, strength: 0 };
const VIEWS = { sliders, claim: claimLine, answers, curve: doseCurve, pushes: randomPushes };

/** @param {{ known: string, unknown: string }} recordings paths */
export async function essay(recordings) {
  try {
    const [known, unknown] = await Promise.all([recordings.known, recordings.unknown].map(runAt));
    const { values, sliders: all } = recordedSliders(unknown, RESTING);
    const still = { card: null, health: null, live: false, colour: 0, hover: null, token: null };
    const read = {
      run: unknown,
      other: known,
      steer: RESTING,
      otherSteer: RESTING,
      otherHover: null,
      otherToken: null,
    };
    names($("essay-names"), channels({ ...still, ...read }));
    const pushed = { sliders: all.slice(0, 1), values: values.slice(0, 1), active: 0, sweep: 0 };
    const state = channels({ ...still, ...pushed, run: unknown, steer: RESTING });
    followSliders(state);
    for (const [id, view] of Object.entries(VIEWS)) mount(view, $(id), state);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    fill($("essay-names"), h("p", { class: "note" }, `The recordings did not arrive. ${error.message}`));
  }
}

/** The two questions below each other, tinted by one latent, on one scale, with their names at one place. */
function names(element, state) {
  const choice = h("fieldset", { class: "segmented" });
  const [known, unknown] = [h("div", {}), h("div", {})];
  fill(element, choice, known, unknown);
  const swapped = { run: "other", other: "run", steer: "otherSteer", otherSteer: "steer" };
  mount(colourChoice, choice, state);
  mount(tokenStrip, known, aliased(state, { ...swapped, otherHover: "hover", otherToken: "token" }), { compact: true });
  mount(tokenStrip, unknown, state, { compact: true });
}
