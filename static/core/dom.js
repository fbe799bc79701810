// Builds elements. Every string becomes a text node or an attribute, never markup,
// so nothing that a user or a model wrote can turn into HTML here.

const SVG = "http://www.w3.org/2000/svg";

/**
 * h("p", { class: "note", onclick: f, style: { "--v": 0.3 } }, "text", child, [more], null)
 * Attributes that are null or false are left out; `true` gives an empty one.
 */
export function h(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

/** The same for SVG elements. */
export function s(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Adds a listener and returns what takes it away. */
export function listen(target, type, handler, options) {
  target.addEventListener(type, handler, options);
  return () => target.removeEventListener(type, handler, options);
}

/** An element of the template, of whichever kind it is. @type {(id: string) => any} */
export const $ = (id) => document.getElementById(id);

/** An icon of look/icons.css; the words beside it say the same, so it is hidden from screen readers. */
export function icon(name) {
  return h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** The dot, ring or square that goes with a role's hue. */
export function mark(role) {
  return h("span", { class: `mark mark-${role}`, "aria-hidden": "true" });
}

/** Content one step behind; this browser remembers under `name`, of letters, whether it was opened (remembered.js, which
 * looks for those that are there when the page is; one that comes later asks itself). */
export function unfold(name, words, ...content) {
  const open = globalThis.document?.documentElement?.dataset?.unfolded?.split(" ").includes(name);
  return h("details", { class: "unfold", "data-remember": name, open }, h("summary", {}, words), ...content);
}

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") { for (const [key, v] of Object.entries(value)) element.style.setProperty(key, v); }
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}
