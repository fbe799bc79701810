// How large a latent is among those of its dictionary that are active at a token, from `look`. Reads channels.

import { activeAt } from "./active.js";
import { isOfThesePushes, isOfThisPrompt, shownIn } from "./values.js";

/**
 * "1st", "12th", "> 24th" where it is smaller than all that were read; "" where it doesn't fire or nobody looked yet.
 * @param {boolean} shown of what is shown; else of the baseline
 */
export function rankAt(state, target, pos, shown) {
  const look = state.get("look");
  if (!(shown ? isOfThesePushes(state) : isOfThisPrompt(state))) return "";
  const active = activeAt(look, shown ? shownIn(look) : 0, target.dictionary, pos);
  if (!active) return "";
  const at = active.findIndex(({ latent }) => latent === target.latent);
  if (at >= 0) return ordinal(at + 1);
  const { top } = look.start.request.read.find(({ dictionary }) => dictionary === target.dictionary);
  return top && active.length >= top ? `> ${ordinal(top)}` : "";
}

function ordinal(n) {
  const teen = n % 100 >= 11 && n % 100 <= 13;
  return `${n}${(!teen && ["th", "st", "nd", "rd"][n % 10]) || "th"}`;
}
