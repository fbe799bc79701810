// The runs behind the sliders. A bench is a run that answers every strength of the active slider, with the single
// strengths that were asked for since. Whatever is chosen is shown from the bench of its question, or waited for: never
// from another. Knows nothing about the page or the address.

import { pointRequest, questionKey, wholeRequest } from "../run/requests.js";
import { isOpen, merged } from "../run/run.js";
import { isIdle, steeringOf, sweepOf } from "../run/steering/sliders.js";

/**
 * @typedef {{ key: string|null, run: object|null, id: string|null, points: Map<string, object>,
 *             failed: { phase: string, refusal: object|null }|null, recorded: boolean }} Bench
 * failed: how the last single strength ended that did not arrive; the next choice forgets it
 */

const KEPT = 8; // benches, for coming back
const POINTS = 12; // single strengths of a bench
const POINT_EVERY_MS = 90;
const AWAY = ["no_worker", "worker_unusable", "model_loading"]; // refusals that pass by themselves

export const isAway = (run) => run.phase === "refused" && AWAY.includes(run.refusal.code);

/**
 * `seen()` gives what is chosen (asking.js), `show(run)` puts it on the page, `settled(run)` hears of every end;
 * `main` and `point` follow runs (follow.js).
 */
export function benches({ seen, show, settled, main, point }) {
  let now = null; // the bench that is shown
  let kept = []; // whole ones, the newest first
  let timer = 0;

  return {
    current: () => now,
    open: whole,
    sync,
    /** Shows a run that is here already: a recording, or one that was refused before it was asked. */
    put(run, { recorded = false } = {}) {
      now = bench(null, { run, recorded });
      tell();
    },
  };

  /** A new bench for what is chosen. A recording of the same question stays until the live run has as much to say. */
  function whole() {
    const request = wholeRequest(seen());
    const mine = bench(questionKey(seen()));
    const recording = now?.recorded && now.run.request.prompt === request.prompt ? now : null;
    clearTimeout(timer);
    timer = 0;
    point.drop();
    if (!recording) now = mine;
    main
      .ask(request, (run, id) => {
        mine.run = run;
        mine.id = run.phase === "done" ? id : null;
        if (recording && now === recording && (isOpen(run) || isAway(run))) return;
        now = mine;
        tell();
        // A strength between the stops, of the address or left from another question: after the untouched answer.
        if (run.arms[0]?.verdict) later();
      })
      .then((newest) => {
        if (!newest) return;
        if (mine.run.phase === "done") kept = [mine, ...kept.filter(({ key }) => key !== mine.key)].slice(0, KEPT);
        settled(mine.run);
      });
  }

  /** After every choice: what is there is shown; what is not is asked for. */
  function sync() {
    const { card, sliders, active } = seen();
    if (!now?.run) return;
    now.failed = null;
    if (now.recorded || !card || !sliders[active] || now.key === null) {
      tell();
      return;
    }
    const key = questionKey(seen());
    const fits = (one) => one.key === key && sweepOf(one.run, sliders[active]) >= 0;
    if (!fits(now)) {
      const found = kept.find(fits);
      if (!found) {
        whole();
        return;
      }
      main.drop();
      now = found;
    }
    tell();
    later();
  }

  // At most one strength every so often while the slider moves; the last one wins.
  function later() {
    if (isThere(now)) {
      clearTimeout(timer);
      timer = 0;
    } else timer ||= setTimeout(one, POINT_EVERY_MS);
  }

  function one() {
    timer = 0;
    const mine = now;
    if (isThere(mine) || mine.key !== questionKey(seen())) return;
    const [slider, , name] = chosen();
    point.ask(pointRequest(seen()), (run) => {
      mine.points.delete(name);
      if (isOpen(run) || run.phase === "done") mine.points.set(name, { run, slider });
      else if (run.phase !== "cancelled") mine.failed = { phase: run.phase, refusal: run.refusal };
      if (mine.points.size > POINTS) mine.points.delete(mine.points.keys().next().value);
      if (now === mine) tell();
    });
  }

  function isThere(of) {
    const [slider, value, name] = chosen();
    return !slider || isIdle(slider, value) || slider.strengths.includes(value) || of.points.has(name);
  }

  function chosen() {
    const { sliders, values, active } = seen();
    const slider = sliders[active];
    return [slider, values[active], slider && JSON.stringify([steeringOf(slider), values[active]])];
  }

  function tell() {
    const extras = [...now.points.values()].map(({ run, slider }) => ({ run, sweep: sweepOf(now.run, slider) }));
    const whole = merged(now.run, extras.filter(({ sweep }) => sweep >= 0));
    show(now.failed ? { ...whole, ...now.failed } : whole);
  }
}

/** @returns {Bench} */
const bench = (key, { run = null, recorded = false } = {}) => {
  return { key, run, id: null, points: new Map(), failed: null, recorded };
};
