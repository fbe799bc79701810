// What can be seen, as the part of the address behind "#", which never reaches the server.
// Knows nothing about the page; turns a plain state into text and back.

/**
 * @typedef {{ prompt: string|null, format: "chat"|"raw", sweep: number|null, strength: number,
 *             colour: number|null, request: object|null, parent: string|null }} Seen
 * parent: slug of the finding that was opened to be changed
 */

const SLUG = /^[1-9A-HJ-NP-Za-km-z]{10,22}$/;

/** @returns {Seen} Anything that makes no sense is left out, never an error. */
export function readFragment(hash) {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const number = (name) => {
    const value = Number.parseFloat(query.get(name));
    return Number.isFinite(value) ? value : null;
  };
  const index = (name) => {
    const value = number(name);
    return Number.isInteger(value) && value >= 0 && value < 16 ? value : null;
  };
  return {
    prompt: query.get("prompt"),
    format: query.get("format") === "raw" ? "raw" : "chat",
    sweep: index("sweep"),
    strength: number("strength") ?? 0,
    colour: index("colour"),
    request: object(query.get("request")),
    parent: SLUG.test(query.get("parent") ?? "") ? query.get("parent") : null,
  };
}

/** @param {Seen} seen */
export function writeFragment(seen) {
  const query = new URLSearchParams({ prompt: seen.prompt ?? "" });
  if (seen.format !== "chat") query.set("format", seen.format);
  if (seen.sweep !== null) query.set("sweep", seen.sweep);
  if (seen.strength !== 0) query.set("strength", seen.strength);
  if (seen.colour !== null) query.set("colour", seen.colour);
  if (seen.parent) query.set("parent", seen.parent);
  if (seen.request) query.set("request", JSON.stringify(seen.request));
  return `#${query}`;
}

function object(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}
