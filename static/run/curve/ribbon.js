// Below the curve: one segment per distinct answer, and the x axis that curve, ribbon and sliders share.
// From `verdict` frames. A click goes to the segment; the slider and the table do the same for the keyboard.

import { ticks } from "../../parts/scale.js";
import { domain, share, unitName } from "../steering/axis.js";
import { fill, h, icon } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { signed } from "../../core/format.js";
import { idleOf, segments } from "../run.js";
import { goTo, nearest } from "../steering/sliders.js";
import { OUTCOMES } from "../../core/protocol.js";

const NARROW_PX = 76; // no room for words

export function answerRibbon(element, state) {
  const ribbon = h("div", { class: "ribbon", "aria-hidden": "true" });
  const axis = h("div", { class: "axis" });
  fill(element, ribbon, axis);
  const drawn = { axis: "", ribbon: "" }; // what was drawn last: only what changed is drawn again, a slider may be moving
  let width = 0; // read when the size changes, never while dragging
  const size = new ResizeObserver(([entry]) => {
    width = entry.contentRect.width;
    draw();
  });
  size.observe(ribbon);
  const off = state.on(["run", "sweep", "steer", "sliders"], draw);
  return () => {
    off();
    size.disconnect();
    fill(element);
  };

  function draw() {
    const run = state.get("run");
    const sweep = state.get("sweep");
    const range = domain(state);
    const unit = (state.get("sliders") ?? [])[state.get("active")]?.unit;
    changed("axis", [unit, range], () =>
      fill(
        axis,
        unit &&
          ticks(range).map((x) => h("span", { "aria-hidden": "true", style: { "--at": share(x, range) } }, signed(x))),
        unit && h("span", { class: "unit" }, withDoors(unitName(unit))),
      ));
    const list = run?.prompt ? segments(run, sweep) : [];
    const steer = state.get("steer");
    const now = steer.sweep === null && run ? idleOf(run, sweep) : steer.strength;
    const at = list.findIndex(({ strengths }) => strengths.includes(now));
    changed("ribbon", [list, range, width, at], () =>
      fill(
        ribbon,
        list.map((segment, i) => {
          const from = i ? middle(list[i - 1].strengths.at(-1), segment.strengths[0]) : segment.strengths[0];
          const to = list[i + 1]
            ? middle(segment.strengths.at(-1), list[i + 1].strengths[0])
            : segment.strengths.at(-1);
          if (!segment.text && !segment.verdict) return null; // nothing has come: no box
          return piece(segment, share(from, range), share(to, range), i === at);
        }),
      ));
  }

  function changed(what, now, draw) {
    const key = JSON.stringify(now);
    if (drawn[what] === key) return;
    drawn[what] = key;
    draw();
  }

  function piece({ text, verdict, strengths }, from, to, now) {
    const narrow = (to - from) * width < NARROW_PX;
    const marks = `${now ? " now" : ""}${narrow ? " tiny" : ""}`;
    return h(
      "button",
      {
        type: "button",
        tabindex: "-1",
        class: `segment badge-${verdict?.outcome ?? "open"}${marks}`,
        style: { "--from": from, "--width": to - from },
        title: verdict && `${OUTCOMES[verdict.outcome].badge}: ${text}`,
        onclick: () => goTo(state, nearest(strengths, state.get("steer").strength ?? 0)),
      },
      verdict && icon(verdict.outcome),
      !narrow && h("span", {}, text),
    );
  }
}

const middle = (a, b) => (a + b) / 2;
