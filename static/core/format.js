// Numbers and tokens as the page writes them: three significant digits, a real minus
// sign, "< 0.001" instead of a zero that is none. Knows no units.

const MINUS = "\u2212";

/** Three significant digits. Exact zero is "0". */
export function sig3(x) {
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size < 0.001) return x > 0 ? "< 0.001" : `> ${MINUS}0.001`;
  const digits = size >= 999.5 ? Math.round(size).toLocaleString("en") : size.toPrecision(3);
  return (x < 0 ? MINUS : "") + digits;
}

/** A probability: like `sig3`, and "> 0.999" instead of a one that is none. */
export function probability(p) {
  return p > 0.9995 && p < 1 ? "> 0.999" : sig3(p);
}

/** A strength with its sign, as short as it is exact: +1.25, −0.5, 0. */
export function signed(x) {
  return x > 0 ? `+${plain(x)}` : plain(x);
}

/** Any exact number with a real minus sign. */
export function plain(x) {
  return String(Number(x.toPrecision(6))).replace("-", MINUS);
}

const NAMES = { "<start_of_turn>": "⟨turn⟩", "<end_of_turn>": "⟨/turn⟩" };

/** A token with its white space made visible: "·Bat", "↵", "⟨bos⟩". */
export function visible(text) {
  if (text in NAMES) return NAMES[text];
  if (/^<[^<>\s]+>$/.test(text)) return `⟨${text.slice(1, -1)}⟩`;
  return text.replaceAll(" ", "·").replaceAll("\n", "↵").replaceAll("\t", "⇥") || "∅";
}

/** A template of core/protocol.js with its {slots} filled. */
export const filled = (template, slots) => template.replace(/\{(\w+)\}/g, (_, name) => slots[name]);

/** "1 token", "4 tokens". */
export function count(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
}

/** The start of a hash, enough to tell two apart. */
export function shortHash(hash) {
  return hash.slice(0, 8);
}

/** "I .93" of a next token. */
export const nextText = (token) => `${token.text.trim() || "␣"} ${probability(token.prob)}`;

/** A share in whole percent, "< 1 %" for what is too small to print. */
export function percent(share, absolute = false) {
  const x = 100 * (absolute ? Math.abs(share) : share);
  if (x !== 0 && Math.abs(x) < 1) return "< 1 %";
  return `${signed(Math.round(x)).replace("+", "")} %`;
}
