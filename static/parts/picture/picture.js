// "SVG PNG": saves a figure of the page as a file for a slide. Knows nothing about what the figure shows.

import { h } from "../../core/dom.js";
import { saveFile } from "./save_file.js";
import { pictureDocument, pngOf, svgText } from "./document.js";

const TOLD_MS = 1600;

/**
 * @typedef {{ elements: Element[], remove: () => void }} Drawn what was drawn for the picture alone, and what takes it away
 * @param {() => Element[] | Promise<Drawn>} elements what stands on the picture, one below the other
 * @param {() => import("./document.js").Words | null} words null while there is nothing to save
 */
export function pictureButtons(elements, words) {
  return h(
    "span",
    { class: "picture-buttons", role: "group", "aria-label": "Save this picture" },
    button("SVG", (drawing) => new Blob([svgText(drawing)], { type: "image/svg+xml" })),
    button("PNG", (drawing) => pngOf(drawing)),
  );

  function button(kind, made) {
    const onclick = async ({ currentTarget }) => {
      const told = words();
      if (told) {
        const given = await elements();
        const shown = Array.isArray(given) ? { elements: given, remove() {} } : given;
        const drawing = pictureDocument(shown.elements, told);
        shown.remove();
        saveFile(await made(drawing), `${told.name}.${kind.toLowerCase()}`);
      } else {
        currentTarget.textContent = "not yet";
        setTimeout(() => (currentTarget.textContent = kind), TOLD_MS);
      }
    };
    return h(
      "button",
      { class: "button button-plain", type: "button", "aria-label": `Save as ${kind}`, onclick },
      kind,
    );
  }
}

/** Where what is shown can be looked up: a finding at its link, which its page says, as a file too; what nobody shared,
 * in this browser. */
export function linkHere({ href, origin, pathname }) {
  const told = globalThis.document?.querySelector('link[rel="canonical"]')?.getAttribute("href");
  if (told) return { href: told, text: told };
  if (/\/f\/[^/]+$/.test(pathname)) return { href: origin + pathname, text: origin + pathname };
  const here = /^https?:\/\/(localhost|127\.|\[::1\])/.test(origin); // an address that is another machine's elsewhere
  return { href, text: here ? "Hallucinoscope, not shared" : `${origin}${pathname}, not shared` };
}

/** Letters and digits of any script; what else there is becomes a line between them. */
export const fileName = (text) =>
  text.toLowerCase().replace(/[^\p{Letter}\p{Number}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60) || "picture";
