// A shared finding: the views of Explore over a recording. Needs no worker. The page reads without this script;
// what it adds are the plots, the sliders through the recorded arms, the exact provenance, a check, and taking it back.

import { models, Refused } from "../core/api.js";
import { $, fill, h } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";
import { writeFragment } from "../run/fragment.js";
import { followSliders, recordedRun, recordedSliders } from "../run/recording.js";
import { channels } from "../core/store.js";
import { addressOf } from "../core/root.js";
import { lookAtWorker } from "../parts/health.js";
import { answers } from "../run/answers/answers.js";
import { aliased } from "../core/store.js";
import { mount } from "../parts/mount.js";
import { curvePicture } from "../run/curve/curve.js";
import { panels } from "../run/panels.js";
import { steerIn } from "../run/steering/sliders.js";
import { tokenStrip } from "../run/tokens/tokens.js";
import { facts } from "../run/readout.js";
import { findingPage } from "./page.js";
import { verifyButton } from "./verify.js";

const main = $("main");
const { slug } = main.dataset;
const view = JSON.parse(main.dataset.view);
const second = main.dataset.second ? { slug: main.dataset.second, view: JSON.parse(main.dataset.secondView) } : null;
const state = channels({
  health: null,
  card: null,
  run: null,
  hover: null,
  colour: view.colour,
  live: false,
  sliders: [],
  values: [],
  active: 0,
  steer: { sweep: null, strength: 0 },
  sweep: 0,
  other: null,
  otherPrompt: second && $("beside-answers").dataset.prompt,
  otherSteer: { sweep: null, strength: 0 },
});

verifyButton(slug);
findingPage(slug, state);
open();
askWorker();

async function open() {
  try {
    const run = await recordedRun(slug);
    for (const [name, value] of Object.entries({ ...recordedSliders(run, view), run })) state.set(name, value);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const part of [...main.querySelectorAll("[data-recorded]"), $("claim")]) part.hidden = true;
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, `The recording did not arrive. ${error.message}`));
    return;
  }
  followSliders(state);
  panels(state);
  $("export").querySelector("ul").append(h("li", { class: "menu-picture" }, "The curve", curvePicture(state)));
  if (second) openSecond();
  state.on(["run", "steer", "card"], provenance);
  state.on(["steer", "colour", "card", "other"], openInExplore);
}

// The prompt beside it, at the strength that the sliders have.
async function openSecond() {
  let run;
  try {
    run = await recordedRun(second.slug);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    $("notice").hidden = false;
    fill($("notice"), h("p", {}, `The second prompt's recording did not arrive. ${error.message}`));
    return;
  }
  const { sliders } = recordedSliders(run, second.view); // the same pushes, in the same order
  state.set("other", run);
  state.on(["values", "active"], () => {
    state.set("otherSteer", steerIn(run, sliders, state.get("values"), state.get("active")));
  });
  const other = aliased(state, { run: "other", steer: "otherSteer", other: "run", otherSteer: "steer" });
  mount(answers, $("beside-answers"), other, { compact: true });
  mount(tokenStrip, $("beside"), other, { compact: true });
}

function provenance() {
  const decoding = $("provenance").dataset.decoding;
  const rows = [
    ...facts(state),
    ["decoding", decoding],
    ["protocol", `version ${state.get("run").start.protocol}`],
  ];
  fill(
    $("provenance"),
    h(
      "dl",
      { class: "facts" },
      rows.map(([name, value, title]) => [
        h("dt", {}, labelDoor(name)),
        h("dd", { title: title ?? null }, withDoors(value)),
      ]),
    ),
  );
}

// The whole request, so that Explore asks exactly this again, whatever its own defaults are by then.
function openInExplore() {
  const { prompt, format, kind: _, ...request } = state.get("run").request;
  const { sweep, strength } = state.get("steer");
  /** @type {[number, number][]} */
  const at = sweep === null ? [] : [[sweep, strength]];
  const other = state.get("other")?.request;
  const asked = { prompt, span: request.entity ?? null, format, request };
  const besideFormat = other && other.format !== format ? other.format : null;
  const beside = { beside: other?.prompt ?? null, besideFormat, besideSpan: other?.entity ?? null };
  const seen = { ...asked, ...beside, at, colour: state.get("colour") };
  $("open").href = addressOf(`/${writeFragment({ ...seen, parent: slug })}`);
}

// Only for the led, and for names that an older recording does not hold.
async function askWorker() {
  await lookAtWorker(state);
  const { ready, model } = state.get("health");
  if (!ready && !model) return;
  try {
    state.set("card", (await models()).find(({ id }) => id === state.get("run")?.request?.model) ?? null);
  } catch (error) {
    if (!(error instanceof Refused)) throw error; // the recording's own names do
  }
}
