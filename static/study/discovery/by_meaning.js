// Latents by meaning: a word, and the latents that write it or fire where the sample of text says it. From what the app
// answers (run/latents/meaning.js). Needs no search of names, and no run.

import { fill, h } from "../../core/dom.js";
import { withDoors } from "../../core/term.js";
import { groupsOf, meaning, missing } from "../../run/latents/meaning.js";
import { titled } from "../../run/names.js";

/** `state` has card and health; `open(target)` shows a latent's card. */
export function byMeaning(element, state, open) {
  const meant = meaning(draw);
  const input = h("input", {
    id: "meaning-query",
    class: "input",
    type: "search",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: "soccer",
    oninput: sought,
  });
  const said = h("p", { class: "note", role: "status" });
  const list = h("div", { class: "meaning-groups" });
  fill(
    element,
    h(
      "div",
      { class: "row wrap meaning-ask" },
      h("label", { for: "meaning-query" }, "Or find a latent by a word that it writes or fires on"),
      input,
    ),
    said,
    list,
  );
  const off = state.on(["card", "health"], sought);
  return () => {
    off();
    meant.stop();
    fill(element);
  };

  function sought() {
    const card = state.get("card");
    if (card && state.get("health")?.ready) meant.look(card.id, input.value);
    draw();
  }

  function draw() {
    const [found, problem] = [meant.found(), meant.problem()];
    const waits = input.value.trim() && !state.get("health")?.ready;
    fill(
      said,
      waits && "Waits for the model.",
      meant.asking() && "Looking; the first word has the model read its sample of text…",
      problem && `${problem.asked} ${problem.allowed} ${problem.change}`,
      found && missing(found),
    );
    fill(list, found && groupsOf(found).map(group));
  }

  function group({ name, order, latents }) {
    return h(
      "section",
      {},
      h("h2", { class: "subhead" }, name),
      h("p", { class: "note" }, withDoors(order)),
      h("ol", { class: "meaning-list" }, latents.map(line)),
    );
  }

  function line({ target, why, snippet }) {
    const { short, label } = titled(target, null, state.get("card"));
    return h(
      "li",
      {},
      h(
        "button",
        {
          class: "link mono",
          type: "button",
          title: `Card of ${target.dictionary} ${target.latent}`,
          onclick: () => open(target),
        },
        short,
      ),
      h("span", {}, label === short ? why : `${label}, ${why}`),
      snippet && passage(snippet),
    );
  }
}

function passage({ texts, peak }) {
  const [before, after] = [texts.slice(0, peak), texts.slice(peak + 1)].map((part) => part.join(""));
  return h("span", { class: "meaning-passage" }, before, h("b", {}, texts[peak]), after);
}
