// The prompt, token by token, tinted by one watched latent as the selected arm's prompt pass measured it.
// From `start` (tokens, entity, steered positions) and `prompt` (activations).

import { fill, h, listen, mark } from "../lib/dom.js";
import { sig3, signed, visible } from "../lib/format.js";
import { directions, watches } from "../lib/names.js";
import { activation, armAt, lastEntity } from "../lib/run.js";
import { tableButton } from "./table.js";

export function tokenStrip(element, state) {
  const legend = h("span", { class: "legend note push" });
  const choice = h("fieldset", { class: "segmented colours" });
  const strip = h("ol", { class: "strip", "aria-label": "Prompt tokens; arrow keys move" });
  const focus = h("div", { class: "focus" });
  const button = h("button", { class: "button button-plain", type: "button" }, "Table");
  const behind = h("div", { class: "behind" });
  fill(
    element,
    h(
      "div",
      { class: "row tokens-head" },
      h("h2", {}, "Tokens"),
      h("span", { class: "note" }, "coloured by"),
      choice,
      legend,
      button,
    ),
    h("div", { class: "tokens-body" }, strip, focus),
    behind,
  );

  let items = [];
  let drawn = null;
  const offs = [
    state.on(["run", "card"], build),
    state.on(["run", "steer", "colour", "card"], tint),
    state.on(["run", "steer", "hover", "card"], readout),
    listen(strip, "keydown", move),
    listen(strip, "pointerleave", () => state.set("hover", null)),
    tableButton(button, behind, state, ["run", "steer", "card"], () => tokenTable(state)),
  ];
  return () => {
    for (const off of offs) off();
    fill(element);
  };

  function build() {
    const run = state.get("run");
    const list = watches(run, state.get("card"));
    const spelled = JSON.stringify(list);
    if (choice.dataset.list !== spelled) {
      choice.dataset.list = spelled;
      fill(choice, h("legend", { class: "sr" }, "Colour tokens by"), ...list.map((watch, i) => option(watch, i)));
    }
    if (drawn === (run?.start ?? null) && items.length) return;
    drawn = run?.start ?? null;
    if (!drawn) {
      items = [];
      fill(strip, h("li", { class: "blank" }));
      return;
    }
    const { tokens, entity } = drawn;
    items = tokens.map((token, pos) => tokenItem(token, pos, pos >= entity.start && pos < entity.end));
    fill(strip, ...folded(items, tokens));
    const last = items[lastEntity(run)];
    last.firstElementChild.tabIndex = 0;
    strip.scrollTop = last.offsetTop - strip.offsetTop - strip.clientHeight / 2;
  }

  function option(watch, i) {
    const input = h("input", {
      type: "radio",
      name: "colour",
      value: i,
      onchange: () => state.set("colour", i),
    });
    return h(
      "label",
      { title: watch.label },
      input,
      mark(watch.role),
      watch.short,
      h("span", { class: "wide" }, ` ${watch.label.toLowerCase()}`),
    );
  }

  function tokenItem(token, pos, inEntity) {
    const text = visible(token.text);
    const space = text.match(/^·+/)?.[0] ?? "";
    const button = h(
      "button",
      {
        type: "button",
        class: "token",
        tabindex: "-1",
        onpointerenter: () => state.set("hover", pos),
        onfocus: () => state.set("hover", pos),
        onblur: () => state.set("hover", null),
      },
      space && h("span", { class: "space" }, space),
      text.slice(space.length),
    );
    const role = token.role === "text" || token.role === "entity" ? token.role : "template";
    return h(
      "li",
      { class: `cell cell-${role}${inEntity ? " in-entity" : ""}${text.length < 3 ? " narrow" : ""}` },
      button,
    );
  }

  function tint() {
    const run = state.get("run");
    const watch = state.get("colour");
    for (const input of choice.querySelectorAll("input")) input.checked = Number(input.value) === watch;
    const latent = watches(run, state.get("card"))[watch];
    if (!latent) return;
    strip.dataset.role = latent.role;
    const arm = Math.max(0, run?.start ? armAt(run, state.get("steer")) : 0);
    const values = run?.prompt?.arms[arm].activations[watch] ?? [];
    const max = Math.max(0, ...values, ...(run?.prompt?.arms[0].activations[watch] ?? []));
    fill(
      legend,
      run?.prompt && [
        h("span", { class: "wide" }, arm ? `at ${signed(run.start.arms[arm].strength)}, activation` : "activation"),
        " 0 ",
        h("span", { class: "ramp", "data-role": latent.role }),
        ` ${sig3(max)}`,
      ],
    );
    const steered = arm ? run.start.sweeps[run.start.arms[arm].sweep].positions : [];
    items.forEach((item, pos) => {
      const value = values[pos] ?? 0;
      item.style.setProperty("--v", max ? Math.max(0, value / max).toFixed(3) : 0);
      item.dataset.value = value ? sig3(value) : "";
      const inside = steered.includes(pos);
      item.classList.toggle("steered", inside);
      item.classList.toggle("steered-first", inside && !steered.includes(pos - 1));
      item.classList.toggle("steered-last", inside && !steered.includes(pos + 1));
      const { text, role } = run.start.tokens[pos];
      item.firstElementChild.setAttribute(
        "aria-label",
        `${visible(text)}, token ${pos}, ${role}, ${latent.short} ${latent.label}: ${sig3(value)}${inside ? ", steered" : ""}`,
      );
    });
  }

  function readout() {
    const run = state.get("run");
    if (!run?.prompt) {
      fill(focus);
      return;
    }
    const pos = state.get("hover") ?? lastEntity(run);
    const token = run.start.tokens[pos];
    if (!token) return;
    const arm = Math.max(0, armAt(run, state.get("steer")));
    const where = pos === lastEntity(run) ? "last of the name" : token.role === "entity" ? "in the name" : token.role;
    fill(
      focus,
      h(
        "p",
        {},
        h("b", { class: "mono" }, visible(token.text)),
        h("span", { class: "note" }, ` token ${pos} · ${where}`),
      ),
      h(
        "dl",
        {},
        watches(run, state.get("card")).map(({ short, role, label }, i) => {
          const [before, after] = [activation(run, 0, i, pos), activation(run, arm, i, pos)];
          return h(
            "div",
            { title: label },
            h("dt", {}, mark(role), short),
            h(
              "dd",
              { class: `as-${role}` },
              arm && before !== after ? `${sig3(before)} → ${sig3(after)}` : sig3(after),
            ),
          );
        }),
      ),
    );
  }

  function move(event) {
    const to = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const shown = items.map((item) => item.firstElementChild).filter((b) => b.offsetParent);
    const at = shown.indexOf(document.activeElement);
    if (at < 0) return;
    const next = event.key === "Home" ? shown[0] : event.key === "End" ? shown.at(-1) : to && shown[at + to];
    if (!next) return;
    event.preventDefault();
    for (const button of shown) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  }
}

// Runs of template tokens fold into one ⟨4⟩ where the page is narrow; the stylesheet chooses.
function folded(items, tokens) {
  const result = [];
  let n = 0;
  items.forEach((item, pos) => {
    result.push(item);
    if (item.classList.contains("cell-template")) n++;
    const next = items[pos + 1];
    if (n && !next?.classList.contains("cell-template")) {
      const names = tokens.slice(pos + 1 - n, pos + 1).map(({ text }) => visible(text));
      result.push(h("li", { class: "fold", title: names.join(" ") }, `⟨${n}⟩`));
      n = 0;
    }
  });
  return result;
}

function tokenTable(state) {
  const run = state.get("run");
  const card = state.get("card");
  const list = watches(run, card);
  if (!run?.prompt) return { caption: "Tokens", head: ["token"], rows: [] };
  const steer = state.get("steer");
  const arm = Math.max(0, armAt(run, steer));
  const direction = directions(run, card)[steer.sweep ?? 0];
  return {
    caption: arm
      ? `Activations, baseline → ${direction.label} at ${signed(steer.strength)}`
      : "Activations of the baseline",
    head: ["#", "token", "role", ...list.map(({ short, label }) => (label === short ? short : `${short} ${label}`))],
    text: [0, 1, 2],
    rows: run.start.tokens.map(({ text, role }, pos) => ({
      cells: [
        String(pos),
        visible(text),
        role,
        ...list.map((_, i) => {
          const [before, after] = [activation(run, 0, i, pos), activation(run, arm, i, pos)];
          return arm && before !== after ? `${sig3(before)} → ${sig3(after)}` : sig3(before);
        }),
      ],
      now: pos === lastEntity(run),
    })),
  };
}
