// What is asked beside the answers, each for a channel of the page: the largest latents (`look`), the second prompt
// (`other`), one random direction (`random`), several answers each (`samples`). Each waits until the slider rests.

import { hasRandom, lookRequest, otherRequest, randomRequest, samplesRequest } from "../run/requests.js";
import { isOpen, newRun } from "../run/run.js";
import { steerIn, withNamedScope } from "../run/steering/sliders.js";

const REST_MS = { look: 250, other: 250, random: 90 };

/** `seen()` gives what is chosen, `ready(run)` whether a run of it may be followed; `follow` has a follower a channel. */
export function asides(state, { seen, ready, follow }) {
  const asked = { look: "", other: "", random: "" };
  const timers = {};
  let sampled = null; // what `sampling` was when it was asked

  state.on(["run", "values", "active", "wantLook", "otherPrompt", "otherFormat", "otherSpan", "wantRandom"], () => {
    const run = state.get("run");
    if (!run?.prompt || !ready()) return;
    const [now, random] = [seen(), state.get("wantRandom")];
    want("look", state.get("wantLook") && !isOpen(run) ? lookRequest(now) : null);
    want(
      "other",
      state.get("otherPrompt") ? otherRequest(now, otherOf(state)) : null,
    );
    want("random", random && hasRandom(now.sliders[now.active]) ? randomRequest(now, random) : null);
  });
  state.on(["values", "active", "other"], () => {
    const { sliders, values, active, card } = seen();
    const named = sliders.map((slider) => withNamedScope(slider, card));
    state.set("otherSteer", steerIn(state.get("other"), named, values, active));
  });
  state.on(["sampling", "run"], () => {
    const sampling = state.get("sampling");
    if (sampling === sampled) return;
    if (!sampling) {
      follow.samples.drop(); // short answers are whole first, so a rate of those that are there would mislead
      state.set("samples", null);
      sampled = null;
    } else if (ready() && state.get("run")?.prompt) {
      sampled = sampling;
      const { sliders, active } = seen();
      const random = hasRandom(sliders[active]) ? (state.get("wantRandom") ?? { index: 0 }) : null;
      const request = samplesRequest(seen(), sampling, random);
      follow.samples.ask(request, (run) => state.set("samples", run));
    }
  });

  /**
   * Unless that is what was asked last. What is stale goes at once, but for the list of latents: it says what it was
   * read for, and stays until the next one is whole.
   */
  function want(kind, request) {
    const key = request ? JSON.stringify(request) : "";
    if (key === asked[kind]) return;
    asked[kind] = key;
    clearTimeout(timers[kind]);
    follow[kind].drop();
    if (!request) state.set(kind, null);
    else {
      const list = kind === "look";
      if (!list) state.set(kind, newRun(request));
      const show = (run, id) => {
        if (kind === "other") state.set("otherId", id); // what is shared names it
        if (!list || !isOpen(run)) state.set(kind, run);
      };
      timers[kind] = setTimeout(() => follow[kind].ask(request, show), REST_MS[kind]);
    }
  }
}

const otherOf = (state) => ({
  prompt: state.get("otherPrompt"),
  format: state.get("otherFormat"),
  span: state.get("otherSpan"),
});
