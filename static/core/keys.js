// Which key was pressed for the page. While an input method composes Japanese, Chinese or Korean, keys are the input
// method's: Enter takes what it offers, arrows choose in its list, Escape drops it.

const COMPOSING = 229; // says the old `keyCode` of a key that an input method took

/**
 * A key event's key; null where an input method took it. Safari ends a composition before it tells of the Enter that
 * did so: then `isComposing` is false already, and only `keyCode` knows.
 * @param {KeyboardEvent} event
 */
export const keyOf = (event) => (event.isComposing || event.keyCode === COMPOSING ? null : event.key);
