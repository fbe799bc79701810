// What a reader unfolded stays unfolded, and what was folded stays folded: <details data-remember="a name">.
// A classic script in <head>, so that nothing moves once it is seen. Knows nothing of what is in them.

(() => {
  const KEY = "hallucinoscope.unfolded";
  const MARKED = "details[data-remember]";
  const unfolded = new Set(kept());
  const met = new WeakSet();
  document.documentElement.dataset.unfolded = [...unfolded].join(" "); // for room that is kept before a view is there

  const look = new MutationObserver(unfold);
  look.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    unfold();
    look.disconnect(); // views put up theirs before that
  });
  document.addEventListener("toggle", keep, true); // it does not bubble

  function unfold() {
    for (const one of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll(MARKED))) {
      if (!met.has(one) && unfolded.has(one.dataset.remember)) one.open = true;
      met.add(one);
    }
  }

  function keep(event) {
    const target = /** @type {HTMLDetailsElement} */ (event.target);
    if (!target.matches?.(MARKED)) return;
    if (target.open) unfolded.add(target.dataset.remember);
    else unfolded.delete(target.dataset.remember);
    try {
      localStorage.setItem(KEY, JSON.stringify([...unfolded]));
    } catch {
      // Kept for this page only.
    }
  }

  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY));
      return Array.isArray(found) ? found : [];
    } catch {
      return [];
    }
  }
})();
