// A file of names, chosen or dropped: its text, as the app reads its bytes (POST /api/names/file). Spreadsheets write many
// encodings; where a file can be read in several, the reader is asked, by a line that they read differently. Knows
// nothing about names.

import { readNamesFile, Refused } from "../../core/api.js";
import { fill, h } from "../../core/dom.js";

const MAX_BYTES = 4 * 2 ** 20; // app/http/bodies.py

/**
 * Puts a button into `element`; `take(file)` is for one that was dropped. `onText(text)` gets what was read, or null
 * while there is nothing; `onRefused(refusal)` what can't be.
 */
export function namesFile(element, { onText, onRefused }) {
  let reading = null; // AbortController
  const input = h("input", {
    type: "file",
    class: "sr",
    tabindex: -1,
    "aria-hidden": "true",
    accept: ".csv,.tsv,.txt,text/csv,text/plain",
    onchange: () => input.files.length && take(input.files[0]),
  });
  const told = h("div", { class: "names-file", role: "status" });
  fill(
    element,
    h(
      "div",
      { class: "row wrap" },
      h("button", { class: "button", type: "button", onclick: () => input.click() }, "Choose a CSV…"),
      input,
      h("span", { class: "note" }, "or drop it on the box"),
    ),
    told,
  );
  return { take, forget: () => fill(told), remove: () => reading?.abort() };

  async function take(file, encoding = null) {
    reading?.abort();
    const mine = (reading = new AbortController());
    fill(told);
    if (file.size > MAX_BYTES) return onRefused(tooLarge(file));
    try {
      const read = await readNamesFile(file, encoding, mine.signal);
      if (mine !== reading) return;
      onText(read.text);
      fill(told, wordsOf(read, file));
    } catch (error) {
      if (mine.signal.aborted) return;
      if (!(error instanceof Refused)) throw error;
      onRefused(error.refusal);
    }
    input.value = "";
  }

  function wordsOf(read, file) {
    const others = read.choices.filter((choice) => choice.encoding !== read.encoding);
    const choices = h(
      "ul",
      { class: "names-encodings" },
      others.map((choice) =>
        h(
          "li",
          {},
          h(
            "button",
            { class: "button", type: "button", onclick: () => take(file, choice.encoding) },
            h("span", { class: "mono" }, choice.sample),
            " ",
            h("span", { class: "note" }, choice.title),
          ),
        )
      ),
    );
    if (read.text === null) return [h("p", {}, h("b", {}, `Which of these is a line of ${file.name}?`)), choices];
    return [
      h("p", { class: "note" }, `${file.name}, read as ${read.title}.`),
      others.length > 0 && h("details", {}, h("summary", {}, "Read it otherwise"), choices),
    ];
  }
}

function tooLarge(file) {
  return {
    asked: `${file.name} has ${(file.size / 1e6).toFixed(1)} MB.`,
    allowed: "A list may have 4 MB.",
    change: "Give fewer names.",
  };
}
