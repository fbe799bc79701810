// One answer: its name and verdict, the text as it streams with what is marked in it, and each token's probability as
// an underline. Both have a fixed place: what is longer scrolls inside, so nothing moves. Knows nothing about channels.

import { fill, h } from "../../core/dom.js";
import { probability, sig3, visible } from "../../core/format.js";
import { marked } from "./marks.js";
import { withDoors } from "../../core/term.js";
import { badge } from "../badge.js";

/**
 * `title`: the name as it is written; `controls` stand behind it; `tokens` false leaves the underlines out; `scrolled`:
 * the panels that it is read beside, { text, tokens } of together.js.
 */
export function answerPanel({ heading = "h2", name, title = name, controls = null, tokens = true, scrolled }) {
  const strength = h("span", { class: "strength" });
  const head = h("span", { class: "verdict" });
  const text = h("p", { class: "answer-text" });
  const odds = h("p", { class: "answer-tokens" });
  const boxes = [scroller("answer-box", text, `${name}: whole answer`, scrolled.text)];
  if (tokens) boxes.push(scroller("token-box", odds, `${name}: probability of each token`, scrolled.tokens));
  const root = h(
    "article",
    { class: "answer" },
    h("div", { class: "answer-head" }, h(heading, { class: "subhead" }, title), strength, controls, head),
    boxes.map(({ box }) => box),
  );
  let drawn = []; // what `draw` was last told: an arm that did not change is not drawn again
  let streams = false;
  return { root, strength, draw, remove: () => boxes.forEach(({ remove }) => remove()) };

  /**
   * answer: ArmState or null; other: the text to differ from, or null; whole: no more of it will come; note: what the
   * head says where there is no verdict; instead: what stands where there is no answer, in words or as an element;
   * risk: of the verdict's answer, in words.
   */
  function draw({ answer, other = null, whole = false, note = "", instead = null, risk = "" }) {
    const said = [answer, other, whole, note, instead, risk];
    if (said.every((one, i) => one === drawn[i])) return;
    drawn = said;
    const ends = streams && whole;
    streams = !whole;
    fill(
      head,
      answer?.verdict
        ? [badge(answer.verdict, false), risk && h("span", { class: "note largest-risk" }, withDoors(risk))]
        : h("span", { class: "note" }, note),
    );
    if (tokens) fill(odds, answer?.tokens.filter((token) => token.text).map(tokenMark) ?? []);
    if (!answer) fill(text, instead ? h("span", { class: "instead" }, instead) : !whole && caret());
    else if (answer.verdict && !answer.text.trim()) fill(text, h("span", { class: "dim" }, "(nothing)"));
    else fill(text, markedText(answer, other), !answer.verdict && (whole ? cutOff() : caret()));
    if (ends) boxes.forEach(({ toStart }) => toStart());
  }

  // Reached by the keyboard only where there is something to scroll; what is newest stays in sight until all is there.
  function scroller(kind, inner, label, group) {
    const box = h("div", { class: kind }, inner);
    const size = new ResizeObserver(() => {
      const over = inner.offsetHeight > box.clientHeight + 1;
      for (
        const [key, value] of [
          ["tabindex", "0"],
          ["role", "group"],
          ["aria-label", label],
        ]
      ) {
        if (over) box.setAttribute(key, value);
        else box.removeAttribute(key);
      }
      if (over && streams) group.show(box.scrollHeight);
      else group.settle(box);
    });
    size.observe(inner);
    size.observe(box);
    const leave = group.add(box);
    return {
      box,
      toStart: () => group.show(0),
      remove() {
        size.disconnect();
        leave();
      },
    };
  }
}

const caret = () => h("span", { class: "caret" });

const cutOff = () => h("span", { class: "dim" }, " …");

/** An answer's text with what is marked in it. `other`: the text to differ from, or null. */
export function markedText({ text, verdict }, other) {
  const phrase = verdict?.outcome === "refused" ? verdict.phrase : null;
  return marked(text, other, phrase).map((part) => (part.as ? h("span", { class: part.as }, part.text) : part.text));
}

function tokenMark({ text, logprob, entropy_nats: entropy }) {
  const p = Math.exp(logprob);
  const uncertain = entropy == null ? "" : `, entropy ${sig3(entropy)} nats`;
  return h(
    "span",
    { style: { "--p": p.toFixed(3) }, title: `${visible(text)}  p ${probability(p)}${uncertain}` },
    visible(text),
  );
}
