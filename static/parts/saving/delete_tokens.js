// Delete tokens of the findings that were saved from this browser, by slug. Kept in localStorage and nowhere else.

const KEY = "mine";

/** @returns {boolean} false where the browser keeps nothing */
export function keep(slug, token) {
  return write({ ...all(), [slug]: token });
}

/** @returns {string|null} */
export const tokenOf = (slug) => {
  const kept = all();
  return Object.hasOwn(kept, slug) ? kept[slug] : null;
};

export function forget(slug) {
  const { [slug]: _, ...rest } = all();
  write(rest);
}

function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return kept && typeof kept === "object" ? kept : {};
  } catch {
    return {};
  }
}

function write(kept) {
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
    return true;
  } catch {
    return false;
  }
}
