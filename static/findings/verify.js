// The box that says whether a finding still holds. The server draws it; this asks for another check, says how long
// that takes, and puts the new box in the old one's place.

import { drawn, Refused, verifyFinding } from "../core/api.js";
import { fill, h } from "../core/dom.js";

const ID = "verification";

export function verifyButton(slug) {
  document.getElementById(ID).querySelector("[data-verify]").addEventListener("click", () => verify(slug));
}

/** A head over a check that couldn't be made: what stands there is of the one before. @param {string} head */
export const lastTime = (head) => `Not checked now; last time: ${head.replace(/^.*last time: /, "").toLowerCase()}`;

async function verify(slug) {
  const box = document.getElementById(ID);
  const button = /** @type {HTMLButtonElement} */ (box.querySelector("[data-verify]"));
  const said = box.querySelector("[data-said]");
  const told = document.getElementById("told");
  const before = [...said.childNodes];
  const label = button.textContent;
  const { doing } = button.dataset;
  const started = performance.now();
  let come = ""; // how far, where it takes long
  const tell = () => {
    const seconds = Math.round((performance.now() - started) / 1000);
    fill(said, `${doing}${seconds ? ` · ${seconds} s` : ""}${come}`);
  };
  const still = ({ n_frames: n, n_recorded: of }) => {
    const part = `${Math.min(n, of)} of about ${of} steps`;
    come = ` · ${part}. It goes on without this page; come back, and press again to see it.`;
    fill(told, part);
  };
  button.disabled = true;
  button.textContent = "Verifying…";
  fill(told, doing);
  tell();
  const timer = setInterval(tell, 1000);
  try {
    const { refusal } = await verifyFinding(slug, still);
    if (refusal) throw new Refused(0, refusal); // says something of this moment: the last check still stands
    const now = await drawn(location.pathname, ID);
    box.replaceWith(now);
    verifyButton(slug);
    /** @type {HTMLButtonElement} */ (now.querySelector("[data-verify]")).focus();
    fill(told, now.querySelector("h2").textContent);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const was = box.querySelector("h2");
    if (box.matches("[class*='check-']")) was.textContent = lastTime(was.textContent);
    fill(said, ...before, h("span", { class: "problem", role: "alert" }, ` Cannot run here: ${error.message}`));
    fill(told);
    button.textContent = label;
    button.disabled = false;
  } finally {
    clearInterval(timer);
  }
}
