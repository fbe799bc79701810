// What Explore asks when the link of a study's row is opened.

import { readFragment } from "/static/run/fragment.js";
import { pointRequest, samplesRequest, wholeRequest } from "/static/run/requests.js";
import { slidersOpened } from "/static/run/steering/opened.js";
import { isIdle } from "/static/run/steering/sliders.js";
import { inExplore } from "/static/study/trials/in_explore.js";

/** Of every answer of a trial, in their order: the request and which of its samples, or why there is no link. */
export function explored({ request, arms, names }, trial, card) {
  const { name, type } = names[trial.name];
  return trial.answers.map((answer) => {
    const { address, why } = inExplore({ request, arms, trial, answer, type, name, card });
    return why ? { why } : asked(readFragment(address.slice(1)), card, answer);
  });
}

function asked(opened, card, { sample }) {
  const { sliders, values, active } = slidersOpened(opened, card);
  const { prompt, format, span, watching, request: base } = opened;
  const seen = { card, prompt, format, span, watching, base, sliders, values, active };
  if (opened.samples) return { request: samplesRequest(seen, opened.samples, null), sample: sample - 1 };
  if (!isIdle(sliders[active], values[active])) return { request: pointRequest(seen), sample: 0 };
  return { request: { ...wholeRequest(seen), sweeps: [] }, sample: 0 };
}
