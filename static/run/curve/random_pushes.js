// The control, one mark per random direction of the same norm at the same place. From the `control` frame.

import { fill, h, icon } from "../../core/dom.js";
import { door } from "../../core/term.js";
import { probability } from "../../core/format.js";
import { effectOf } from "../effect.js";
import { standIns } from "../names.js";
import { byRefusal, control, idleArm, isOpen, logodds, sigmoid } from "../run.js";

export function randomPushes(element, state) {
  const about = h("span", { class: "note push" });
  const marks = h("p", { class: "pushes" });
  let places = []; // { root, icon, kind }, each rewritten only where it changed: a slider may be moving
  const spoken = h("span", { class: "sr" });
  const title = h("h2", {}, "Same push, ", door("control", "random direction"));
  fill(
    element,
    h("div", { class: "row wrap" }, title, about),
    marks,
  );
  const off = state.on(["run", "steer", "wantRandom"], () => {
    const run = state.get("run");
    const steer = state.get("steer");
    const swept = run?.start?.request.sweeps[steer?.sweep ?? 0];
    fill(title, "Same push, ", door("control", standIns(swept?.target).replace(/directions$/, "direction")));
    const seen = run && steer.sweep !== null && !effectOf(run, steer)?.nothing ? control(run, steer) : null;
    if (seen) drawSeen(run, seen);
    else drawWaiting(run, steer);
  });
  return () => {
    off();
    fill(element);
  };

  function drawSeen(run, { values, n, n_refusing }) {
    const p = values.map(sigmoid);
    fill(
      about,
      h("b", {}, `${n_refusing} of ${n}`),
      " open with a refusal · ",
      door("p_refusal", "P"),
      ` ${probability(Math.min(...p))} to ${probability(Math.max(...p))}`,
      counted(n, asked(run).seed),
    );
    const refuses = logodds(run, 0) > 0;
    const shown = state.get("wantRandom")?.index;
    spoken.textContent = `Of ${n} random pushes ${n_refusing} open with a refusal, ${n - n_refusing} with an answer`;
    if (places.length !== n) {
      places = values.map(() => ({ root: h("span", {}), icon: "", kind: "" }));
      fill(marks, spoken, ...places.map(({ root }) => root));
    }
    byRefusal(values).forEach((index, i) => {
      const value = values[index];
      const place = places[i];
      const outcome = value > 0 ? "refused" : "answered";
      const kind = `${value > 0 !== refuses ? "crossed" : ""}${index === shown ? " shown" : ""}`;
      place.root.title = `no. ${i + 1}, direction ${index + 1} of its seed: P(refusal opening) ${
        probability(sigmoid(value))
      }`;
      if (place.icon !== outcome) fill(place.root, icon(place.icon = outcome));
      if (place.kind !== kind) place.root.className = place.kind = kind;
    });
  }

  // As many places as there will be marks.
  function drawWaiting(run, steer) {
    places = [];
    const { n_directions: n, seed } = asked(run);
    fill(about, waiting(run, steer, n), n > 0 && counted(n, seed));
    fill(marks, Array.from({ length: n }, () => h("span", { class: "blank", "aria-hidden": "true" })));
  }
}

const counted = (n, seed) => [" · ", door("n", "N"), ` ${n}, `, door("seed", "seed"), ` ${seed}`];

const NOTHING = "Nothing is pushed here, so there is nothing to compare.";

const asked = (run) => run?.start?.request.controls ?? run?.request?.controls ?? { n_directions: 0, seed: 0 };

function waiting(run, steer, n) {
  if (!run) return "";
  if (n === 0) return "No control was asked for.";
  if (steer.sweep === null) {
    return idleArm(run) ? "Only what is held pushes here." : "Nothing is pushed yet.";
  }
  if (effectOf(run, steer)?.nothing) return NOTHING;
  return isOpen(run) ? "The controls come after the answers." : "Not run: no control yet.";
}
