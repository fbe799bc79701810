// What ran, exactly: model, base, dictionaries, arms in words, seed, hash. From the `study` frame.

import { fill, h } from "../core/dom.js";
import { labelDoor, withDoors } from "../core/term.js";
import { count, shortHash } from "../core/format.js";

/** Draws into `element`; nothing before the study has begun. */
export function whatRan(element, { opening, done }) {
  element.hidden = !opening;
  if (!opening) return fill(element);
  const met = new Set(); // entries that have a door among the arms
  const { model, base, dictionaries, names, arms, request, request_sha256: sha, protocol } = opening;
  const rows = [
    ["model", [model.id, " ", mono(shortHash(model.sha256)), ` ${model.device} ${model.dtype}`]],
    base && ["base model", [base.id, " ", mono(shortHash(base.sha256))]],
    ["names", `${count(names.length, "name")} in the set, ${[...new Set(names.map(({ type }) => type))].join(", ")}`],
    arms.length > 0 &&
    ["arms", `${arms.length}, ${arms.filter(({ control_of }) => control_of !== null).length} of them controls`],
    dictionaries.length > 0 &&
    [
      "dictionaries",
      dictionaries.map(({ id, layer }, i) => [i ? ", " : "", h("span", { title: `layer ${layer}` }, id)]),
    ],
    "seed" in request && ["seed", String(request.seed)],
    "max_new_tokens" in request && ["decoding", `${chosen(request)}, up to ${request.max_new_tokens} tokens`],
    ["request", h("span", { class: "mono", title: sha }, `${sha.slice(0, 16)}…`)],
    ["protocol", `version ${protocol}`],
    done && ["took", `${Math.round(done.elapsed_s)} s`],
  ].filter(Boolean);
  fill(
    element,
    h("h2", {}, "What ran"),
    h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, labelDoor(name)), h("dd", {}, value)])),
    arms.length > 1 &&
      h(
        "details",
        {},
        h("summary", {}, "Arms, in words"),
        h(
          "ol",
          { class: "arms note" },
          arms.map(({ name, what }) =>
            h("li", {}, h("b", {}, withDoors(name, met)), what && withDoors(`: ${what}`, met))
          ),
        ),
      ),
  );
}

const chosen = ({ n_samples: n }) => (n ? `greedy, and ${count(n, "sample")} at temperature 1` : "greedy");

const mono = (text) => h("span", { class: "mono" }, text);
