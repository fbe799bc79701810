// How many answers a second a model gave here last time, by kind of study. Kept in localStorage and nowhere else.

const KEY = "pace";
const ENOUGH = 50; // answers

/** @returns {number|null} answers a second; null where none was run from this browser */
export function paceOf(model, kind) {
  const pace = all()[`${model} ${kind}`];
  return pace > 0 ? pace : null;
}

/** Learns from a study that is done. */
export function learnPace({ opening, trials, done }) {
  const n = trials.reduce((sum, { answers }) => sum + answers.length, 0);
  if (n < ENOUGH || !(done?.elapsed_s > 0)) return;
  try {
    localStorage.setItem(
      KEY,
      JSON.stringify({ ...all(), [`${opening.model.id} ${opening.request.kind}`]: n / done.elapsed_s }),
    );
  } catch {
    // a browser that keeps nothing: the page says no time
  }
}

function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}
