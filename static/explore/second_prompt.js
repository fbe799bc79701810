// The second prompt: its field, and the place of its strip under the first. Channels `otherPrompt`, null: there is none,
// and `otherSpan`, the name that was marked in it.

import { fill, h, listen } from "../core/dom.js";

/** Another second prompt, or null for none. A name that was marked is one of the prompt that it was marked in. */
export function askBeside(state, prompt) {
  if (prompt !== state.get("otherPrompt")) state.set("otherSpan", null);
  state.set("otherPrompt", prompt);
}

/** `opener` opens it; `strip(element)` draws the second prompt's tokens and returns what removes them. */
export function besidePrompt(element, state, opener, strip) {
  let remove = null;
  let field = null;
  const unlisten = listen(opener, "click", open);
  const off = state.on(["otherPrompt"], () => {
    const prompt = state.get("otherPrompt");
    element.hidden = prompt === null;
    opener.hidden = prompt !== null;
    if (prompt === null) {
      remove = remove?.() ?? null;
      field = null;
      fill(element);
      return;
    }
    if (field) {
      if (document.activeElement !== field) field.value = prompt;
      return;
    }
    field = h("input", {
      class: "input",
      "aria-label": "Second prompt",
      value: prompt,
      autocomplete: "off",
      spellcheck: "false",
    });
    const tokens = h("div", { class: "beside-strip" });
    fill(
      element,
      h(
        "form",
        {
          class: "row beside-ask",
          onsubmit: (event) => {
            event.preventDefault();
            if (field.value.trim()) askBeside(state, field.value.trim());
          },
        },
        h("h2", {}, "Beside it"),
        field,
        h("button", { class: "button", type: "submit" }, "Run"),
        h(
          "button",
          { class: "button button-plain", type: "button", "aria-label": "Take the second prompt away", onclick: close },
          "Close",
        ),
      ),
      tokens,
    );
    remove = strip(tokens);
  });
  return () => {
    off();
    unlisten();
    remove?.();
    fill(element);
  };

  // The other name of the example that is asked, else the first example there is.
  function open() {
    const groups = state.get("card")?.examples ?? [];
    const now = state.get("run")?.request?.prompt;
    const group = groups.find((one) => one.some(({ prompt }) => prompt === now)) ?? groups[0] ?? [];
    askBeside(state, group.find(({ prompt }) => prompt !== now)?.prompt ?? now ?? "");
    field?.select();
    field?.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" }); // on a phone it opens far above its button
  }

  function close() {
    askBeside(state, null);
    opener.focus();
  }
}
