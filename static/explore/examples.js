// Prompts worth a click: a tab an entity type, and in it what the untouched model makes of each name. From the card.

import { fill, h, icon, listen, mark } from "../core/dom.js";
import { STORIES } from "../core/protocol.js";

/** `types` is where the kinds stand; `ask(prompt)` runs one. */
export function examples(list, state, types, ask) {
  let chosen = null; // a group the reader opened; else that of the prompt
  const offs = [
    state.on(["card", "typed"], draw),
    listen(types, "click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      chosen = Number(button.value);
      draw();
    }),
  ];
  return () => {
    for (const off of offs) off();
    fill(list);
    fill(types);
  };

  function draw() {
    const groups = state.get("card")?.examples ?? [];
    const typed = state.get("typed").trim();
    const of = groups.findIndex((group) => group.some(({ prompt }) => prompt === typed));
    const shown = chosen ?? Math.max(0, of);
    fill(
      types,
      groups.map((group, i) =>
        h(
          "button",
          { type: "button", value: i, "aria-pressed": String(i === shown) },
          group[0].entity_type ?? group[0].name,
        )
      ),
    );
    types.hidden = groups.length < 2;
    fill(list, (groups[shown] ?? []).map((example) => chip(example, typed)));
  }

  function chip({ name, role, story, prompt }, typed) {
    // The mark is that of the answer that will be given; of an example without a story, what the name is.
    const told = STORIES[story ?? role];
    return h(
      "button",
      {
        type: "button",
        class: `example badge-${told?.outcome ?? "open"}`,
        "aria-pressed": String(prompt === typed),
        title: `${prompt} (${told?.about ?? role})`,
        onclick: () => {
          chosen = null;
          ask(prompt);
        },
      },
      story ? icon(STORIES[story].outcome) : mark(role),
      h("span", {}, name),
      h("span", { class: "example-story" }, told?.brief ?? role),
    );
  }
}
