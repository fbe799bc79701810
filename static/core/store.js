// One state object per page, in named channels, so that hovering never redraws what only
// a click changes. Knows nothing about what the channels hold.

/**
 * const state = channels({ run, steer });
 * const off = state.on(["run", "steer"], draw);   draws now, and when either changes
 */
export function channels(values) {
  const listeners = new Set();
  return {
    get: (name) => values[name],
    set(name, value) {
      if (Object.is(values[name], value)) return;
      values[name] = value;
      for (const listener of [...listeners]) if (listener.names.includes(name)) call(listener);
    },
    /** `draw` now, and when any of these changes. */
    on(names, draw) {
      const listener = { names, draw };
      listeners.add(listener);
      call(listener);
      return () => listeners.delete(listener);
    },
  };

  // One broken view must not take the others with it.
  function call(listener) {
    try {
      listener.draw();
    } catch (error) {
      reportError(error);
    }
  }
}

/** The same page to a view that knows some channels by other names: `aliased(state, { run: "other" })`. */
export function aliased(state, names) {
  const real = (name) => names[name] ?? name;
  return {
    get: (name) => state.get(real(name)),
    set: (name, value) => state.set(real(name), value),
    on: (list, draw) => state.on(list.map(real), draw),
  };
}
