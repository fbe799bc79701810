// The page's address: the question, and all that is chosen on its circuit, so that reload, back and a copied link show it
// again. Pure; anything that makes no sense is left out, never an error.

/** What a circuit is asked to explain where nobody says: the log-odds of refusing. */
export const OPENING = { kind: "opening", weighs: "all" };
const VIEWS = ["groups", "latents", "table"];
const MOST_PINS = 64;

/**
 * @typedef {{ request: object|null, parent: string|null, chosen: any }} Opened
 * request: a CircuitRequest without its model, null where no prompt is named; chosen: channels of view.js
 * @returns {Opened}
 */
export function readCircuit(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name) => query.get(name) || null;
  const number = (name) => {
    const value = Number.parseFloat(query.get(name) ?? "");
    return Number.isFinite(value) ? value : null;
  };
  const prompt = text("prompt");
  const side = (name) => (["a", "b"].includes(query.get(name)) ? query.get(name) : null);
  const chosen = {
    about: side("about"),
    select: text("select"),
    side: side("side"),
    x: number("x"),
    test: text("test"),
    view: VIEWS.includes(query.get("view")) ? query.get("view") : null,
    least: number("least"),
    pins: query.get("pins")?.split(" ").filter(Boolean).slice(0, MOST_PINS) ?? null,
  };
  return {
    request: prompt && {
      prompt,
      ...named(query.get("name")),
      beside: text("beside") && { prompt: text("beside"), ...named(query.get("beside-name")) },
      format: text("format") ?? "chat",
      said: query.get("said") ?? "",
      basis: text("basis") ?? "latents",
      target: parsed(query.get("target")) ?? { ...OPENING },
      hold: parsed(query.get("hold")) ?? [],
    },
    parent: text("parent"),
    chosen: Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== null)),
  };
}

/** @param {object|null} request a CircuitRequest; null: of the recording that is there by itself */
export function writeCircuit(request, chosen, parent = null) {
  const query = new URLSearchParams();
  const put = (name, value, usual) =>
    value !== usual && value !== null && value !== undefined && value !== "" && query.set(name, String(value));
  if (request) {
    put("prompt", request.prompt);
    put("name", spanText(request.entity));
    put("beside", request.beside?.prompt);
    put("beside-name", spanText(request.beside?.entity));
    put("format", request.format, "chat");
    put("said", request.said);
    put("basis", request.basis, "latents");
    if (request.target && !isOpening(request.target)) put("target", JSON.stringify(request.target));
    if (request.hold?.length) put("hold", JSON.stringify(request.hold));
  }
  put("parent", parent);
  put("view", chosen.view, "groups");
  put("about", chosen.about);
  put("select", chosen.select);
  put("side", chosen.side);
  put("x", chosen.x, 0);
  put("test", chosen.test);
  put("least", chosen.least, 0.01);
  put("pins", chosen.pins?.join(" "));
  return `#${query}`;
}

const isOpening = ({ kind, weighs }) => kind === OPENING.kind && weighs === OPENING.weighs;

/** Whether a resolved request answers what an address asks: a name that nobody marked is the one that was found. */
export function sameQuestion(opened, resolved) {
  const said = (request) =>
    JSON.stringify([
      request.prompt,
      request.beside?.prompt ?? null,
      request.format,
      request.said,
      request.basis,
      request.target.kind,
      request.target.weighs ?? "two",
      request.hold,
    ]);
  const named = (span, found) => !span || JSON.stringify(span) === JSON.stringify(found);
  return said(opened) === said(resolved) && opened.target.kind === "opening" && named(opened.entity, resolved.entity) &&
    named(opened.beside?.entity, resolved.beside?.entity);
}

/** A name that was marked: "12-26", characters of its prompt. */
function named(text) {
  const [, start, end] = (text ?? "").match(/^(\d{1,5})-(\d{1,5})$/)?.map(Number) ?? [];
  return start < end ? { entity: { start, end } } : {};
}

const spanText = (span) => span && `${span.start}-${span.end}`;

function parsed(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
