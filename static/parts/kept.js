// How long a run is kept that nobody saved: whoever runs the app sets it, and the page says it (templates/base.html).

/** "24 hours" */
export const keptFor = () => globalThis.document?.documentElement?.dataset?.kept ?? "";
