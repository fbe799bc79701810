// What can be seen, as the part of the address behind "#", which never reaches the server.
// Knows nothing about the page; turns a plain state into text and back.

import {
  FORMATS,
  MAX_DIRECTIONS,
  MAX_HELD,
  MAX_SAMPLES,
  MAX_SWEEPS,
  MAX_WATCHED,
  RISK_THRESHOLD,
} from "../core/protocol.js";

/**
 * @typedef {{ prompt: string|null, format: import("../core/protocol.js").Format, span: {start: number, end: number}|null,
 *             sliders: object[]|null, at: [number, number][], active: number|null, colour: number|null,
 *             token: number|null, latent: {dictionary: string, latent: number}|null, watching: object[]|null,
 *             dictionary: string|null, side: string|null, beside: string|null, besideFormat: import("../core/protocol.js").Format|null, besideSpan: {start: number, end: number}|null, random: number|null,
 *             samples: { n: number, temperature: number, seed: number }|null,
 *             strip: boolean, threshold: number|null,
 *             request: object|null, parent: string|null }} Seen
 * sliders: null are the model's own; at: [slider, strength] of those that push; dictionary: of the list of latents;
 * side: what the map shows; beside: the second prompt, besideFormat: null: put as the first; samples: several answers each; strip: whether the risk has
 * bars, threshold: from which an answer would be held back; request: a whole request that was handed over;
 * parent: slug of the finding that was opened to be changed
 */

const MAX_SLIDERS = MAX_SWEEPS + MAX_HELD;
const SLUG = /^[1-9A-HJ-NP-Za-km-z]{10,22}$/;

/** @returns {Seen} Anything that makes no sense is left out, never an error. */
export function readFragment(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (text) => {
    const value = Number.parseFloat(text);
    return Number.isFinite(value) ? value : null;
  };
  const index = (name, below = MAX_WATCHED) => {
    const value = number(query.get(name));
    return Number.isInteger(value) && value >= 0 && value < below ? value : null;
  };
  const at = (query.get("at") ?? "")
    .split(",")
    .map((pair) => /** @type {[number, number]} */ (pair.split(":").map(number)))
    .filter(([slider, strength]) =>
      Number.isInteger(slider) && slider >= 0 && slider < MAX_SLIDERS && strength != null
    );
  const sweep = index("sweep", MAX_SWEEPS); // of a link made before several sliders could push at once
  if (!at.length && sweep !== null && number(query.get("strength"))) at.push([sweep, number(query.get("strength"))]);
  const latent = (query.get("latent") ?? "").match(/^(.{1,200}):(\d{1,9})$/);
  return {
    prompt: query.get("prompt"),
    format: formatIn(query.get("format")) ?? "chat",
    span: spanIn(query.get("name")),
    sliders: parsed(query.get("sliders"), Array.isArray),
    at,
    active: index("active", MAX_SLIDERS) ?? sweep,
    colour: index("colour"),
    token: index("token", 100_000),
    latent: latent && { dictionary: latent[1], latent: Number(latent[2]) },
    watching: parsed(query.get("watch"), Array.isArray),
    dictionary: query.get("list"),
    side: query.get("map"),
    beside: query.get("beside"),
    besideFormat: formatIn(query.get("beside-format")),
    besideSpan: spanIn(query.get("beside-name")),
    random: index("random", MAX_DIRECTIONS),
    samples: samplesIn(query.get("samples")),
    strip: query.get("risk") !== "off",
    threshold: shareIn(number(query.get("hold-back"))),
    request: parsed(query.get("request"), (value) => !Array.isArray(value)),
    parent: SLUG.test(query.get("parent") ?? "") ? query.get("parent") : null,
  };
}

/** @param {Partial<Seen>} seen */
export function writeFragment(seen) {
  const query = new URLSearchParams({ prompt: seen.prompt ?? "" });
  const put = (name, value) => value !== null && value !== undefined && value !== "" && query.set(name, value);
  if (seen.format && seen.format !== "chat") query.set("format", seen.format);
  put("name", spanAs(seen.span));
  put("at", seen.at?.map((pair) => pair.join(":")).join(","));
  put("active", seen.active);
  put("colour", seen.colour);
  put("token", seen.token);
  put("latent", seen.latent && `${seen.latent.dictionary}:${seen.latent.latent}`);
  put("list", seen.dictionary);
  put("map", seen.side);
  put("beside", seen.beside);
  put("beside-format", seen.besideFormat);
  put("beside-name", spanAs(seen.besideSpan));
  put("random", seen.random);
  put("samples", seen.samples && [seen.samples.n, seen.samples.temperature, seen.samples.seed].join(","));
  if (seen.strip === false) query.set("risk", "off");
  if (seen.threshold !== RISK_THRESHOLD) put("hold-back", seen.threshold);
  put("parent", seen.parent);
  for (
    const [name, value] of [
      ["sliders", seen.sliders],
      ["watch", seen.watching],
      ["request", seen.request],
    ]
  ) {
    if (value) query.set(name, JSON.stringify(value));
  }
  return `#${query}`;
}

const formatIn = (text) => (Object.hasOwn(FORMATS, text ?? "") ? text : null);

/** "10,1,7": answers each, temperature, seed. */
function samplesIn(text) {
  const [, n, temperature, seed] = (text ?? "").match(/^(\d{1,2}),(\d(?:\.\d{1,3})?),(\d{1,10})$/)?.map(Number) ?? [];
  const fits = n > 0 && n <= MAX_SAMPLES && temperature > 0 && seed < 2 ** 31;
  return fits ? { n, temperature, seed } : null;
}

function spanIn(text) {
  const [, start, end] = (text ?? "").match(/^(\d{1,5})-(\d{1,5})$/)?.map(Number) ?? [];
  return start < end ? { start, end } : null;
}

const shareIn = (value) => (value !== null && value > 0 && value < 1 ? value : null);

const spanAs = (span) => span && `${span.start}-${span.end}`;

function parsed(text, fits) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && fits(value) ? value : null;
  } catch {
    return null;
  }
}
