// Explore's address: everything one can see is in it, so that reload, back and a copied link show it again.
// Which channels are in it, when it is written; what it looks like is run/fragment.js'.

import { leaveExplore } from "../parts/navigation.js";
import { writeFragment } from "../run/fragment.js";
import { sameSteering, steeringOf } from "../run/steering/sliders.js";

const REST_MS = 200;
const ADDRESSED = [
  "values",
  "active",
  "sliders",
  "colour",
  "token",
  "latent",
  "span",
  "watching",
  "dictionary",
  "side",
  "otherPrompt",
  "otherFormat",
  "otherSpan",
  "wantRandom",
  "sampling",
  "strip",
  "threshold",
];

/** The channels that hold what an address says, as it says it. @param {import("../run/fragment.js").Seen} seen */
export const channelsOf = (seen) => ({
  token: seen.token,
  latent: seen.latent,
  span: seen.span,
  watching: seen.watching,
  dictionary: seen.dictionary,
  side: seen.side,
  otherPrompt: seen.beside,
  otherFormat: seen.besideFormat,
  otherSpan: seen.besideSpan,
  wantRandom: seen.random === null ? null : { index: seen.random },
  sampling: seen.samples,
  strip: seen.strip,
  threshold: seen.threshold,
});

/**
 * Keeps the address up with the channels. `question()`: { prompt, format, request, parent } and, of what the reader may
 * have left alone, `sliders`: those that are there by themselves, `colour`: whether one was chosen; null writes nothing.
 */
export function keptAddress(state, question) {
  let timer = 0;
  let owed = false; // something changed while nothing could be written
  state.on(ADDRESSED, keep);
  state.on(["run"], () => owed && question() && write("replaceState"));
  return { keep, write, wait };

  /** Writes nothing of what changed last. */
  function wait() {
    clearTimeout(timer);
  }

  function keep() {
    wait();
    timer = setTimeout(() => write("replaceState"), REST_MS);
  }

  /** `how`: pushState makes an entry to come back to, replaceState changes the one there is. */
  function write(how) {
    const asked = question();
    const late = owed;
    owed = !asked;
    if (!asked) return;
    const [sliders, values] = [state.get("sliders"), state.get("values")];
    const own = asked.sliders;
    const usual = own.length === sliders.length && own.every((slider, i) => sameSteering(slider, sliders[i]));
    const hash = writeFragment({
      prompt: asked.prompt,
      format: asked.format,
      span: state.get("span"),
      sliders: usual ? null : sliders.map((slider) => ({ ...steeringOf(slider), strengths: slider.strengths })),
      at: values.map((value, i) => [i, value]).filter(([, value]) => value !== null),
      active: state.get("active") || null,
      colour: asked.colour ? state.get("colour") : null,
      token: state.get("token"),
      latent: state.get("latent"),
      watching: state.get("watching"),
      dictionary: state.get("dictionary"),
      side: state.get("side"),
      beside: state.get("otherPrompt"),
      besideFormat: state.get("otherFormat"),
      besideSpan: state.get("otherSpan"),
      random: state.get("wantRandom")?.index,
      samples: samplesOf(state, asked.prompt),
      strip: state.get("strip"),
      threshold: state.get("threshold"),
      request: asked.request,
      parent: asked.parent,
    });
    const { prompt, format, request, parent } = asked;
    if (late && hash === writeFragment({ prompt, format, request, parent })) return; // nothing was chosen
    if (hash !== location.hash) history[how](null, "", hash);
    leaveExplore(hash);
  }
}

/** Those that are wanted of this prompt; what was sampled on another is seen no more. */
function samplesOf(state, prompt) {
  const [wanted, found] = [state.get("sampling"), state.get("samples")];
  return wanted && (!found || found.request.prompt === prompt) ? { seed: 0, ...wanted } : null;
}
