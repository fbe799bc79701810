// Where the app stands on its host: at its root, or below a path such as /tools/hallu. The page says it, see
// app/http/prefix.py; everything that names an address of the app asks here.

/** @param {string} path of the app: "/f/abc" @returns {string} as this host knows it */
export const addressOf = (path) => `${globalThis.document?.documentElement?.dataset?.root ?? ""}${path}`;
