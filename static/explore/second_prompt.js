// The second prompt: its field, how it is put, the place of its strip under the first, and that of its answers. Channels `otherPrompt`, null:
// there is none, `otherFormat`, null: put as the first, and `otherSpan`, the name that was marked in it.

import { fill, h, listen } from "../core/dom.js";
import { FORMATS } from "../core/protocol.js";
import { fold } from "../core/spelling.js";
import { mount } from "../parts/mount.js";
import { answers } from "../run/answers/answers.js";

/**
 * Another second prompt, or null for none. format: null: put as the first. A name that was marked is one of the prompt
 * that it was marked in.
 */
export function askBeside(state, prompt, format = prompt === null ? null : state.get("otherFormat")) {
  if (prompt !== state.get("otherPrompt")) state.set("otherSpan", null);
  state.set("otherFormat", format);
  state.set("otherPrompt", prompt);
}

/**
 * What the base model reads on to the same fact: the opening of the attribute that the prompt asks for, about its name,
 * else the prompt itself.
 */
export function openingFor(card, { request, entity }) {
  const asks = ` ${fold(request.prompt)} `;
  const asked = card.attributes.find(({ opening, cues }) =>
    opening && cues.some((cue) => asks.includes(` ${fold(cue)} `))
  );
  return asked && request.format === "chat"
    ? asked.opening.replace("{name}", () => entity.called ?? entity.text)
    : request.prompt;
}

/** The button that puts the base model beside: there where the model has one, and answers something. */
export function baseBeside(button, state) {
  const unlisten = listen(
    button,
    "click",
    () => askBeside(state, openingFor(state.get("card"), state.get("run").start), "base"),
  );
  const off = state.on(["card", "run", "otherPrompt"], () => {
    const asked = state.get("run")?.start?.request;
    const wants = state.get("card")?.base && asked && asked.format !== "base";
    button.hidden = !wants || state.get("otherPrompt") !== null;
  });
  return () => {
    off();
    unlisten();
  };
}

/** `opener` opens it; `strip(element)` draws the second prompt's tokens and returns what removes them. */
export function besidePrompt(element, state, opener, strip) {
  let remove = null;
  let field = null;
  let put = null; // how the prompt is put
  const unlisten = listen(opener, "click", open);
  const off = state.on(["otherPrompt"], () => {
    const prompt = state.get("otherPrompt");
    element.hidden = prompt === null;
    opener.hidden = prompt !== null;
    if (prompt === null) {
      remove = remove?.() ?? null;
      field = put = null;
      fill(element);
      return;
    }
    if (put) put.value = state.get("otherFormat") ?? "";
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
    put = h(
      "select",
      { class: "input beside-format", "aria-label": "How the second prompt is put", onchange: submit },
      h("option", { value: "" }, "as the first"),
      Object.entries(FORMATS)
        .filter(([name]) => name !== "base" || state.get("card")?.base)
        .map(([name, term]) => h("option", { value: name, title: term.about }, term.name)),
    );
    put.value = state.get("otherFormat") ?? "";
    const tokens = h("div", { class: "beside-strip" });
    fill(
      element,
      h(
        "form",
        {
          class: "row beside-ask",
          onsubmit: (event) => {
            event.preventDefault();
            submit();
          },
        },
        h("h2", {}, "Beside it"),
        field,
        put,
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

  function submit() {
    if (field.value.trim()) askBeside(state, field.value.trim(), put.value || null);
  }

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

/** Its answers stand under the first's, where there is a second. `other`: the channels as they are for it. */
export function besideAnswers(element, state, other) {
  let remove = null;
  state.on(["otherPrompt"], () => {
    const wants = Boolean(state.get("otherPrompt"));
    element.hidden = !wants;
    if (wants && !remove) remove = mount(answers, element, other, { compact: true });
    if (!wants && remove) remove = remove() ?? null;
  });
}
