// Marks the first text of each look that no call before has seen on this page, with data-new-look. A look is what decides on a text's contrast:
// an element's classes and colours, and those of all that it stands in.
(() => {
  const kept = /** @type {any} */ (globalThis);
  const ids = kept.lookIds ??= new Map(), judged = kept.judgedLooks ??= new Set();
  const looks = new Map();
  const lookOf = (element) => {
    if (!element) return 0;
    if (!looks.has(element)) {
      const style = getComputedStyle(element);
      const size = Number.parseFloat(style.fontSize);
      const look = [
        lookOf(element.parentElement),
        element.localName,
        element.getAttribute("class"),
        style.color,
        style.fill,
        style.backgroundColor,
        style.backgroundImage,
        style.opacity,
        style.textShadow,
        style.textDecorationLine,
        size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700), // large text may be paler
      ].join("|");
      if (!ids.has(look)) ids.set(look, ids.size + 1);
      looks.set(element, ids.get(look));
    }
    return looks.get(element);
  };
  const isWritten = (element) =>
    element.matches("input, textarea, select") ||
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const isNew = (element) => {
    if (!isWritten(element) || element.closest("script, style, noscript, option")) return false;
    if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const look = lookOf(element);
    return !judged.has(look) && judged.add(look);
  };
  for (const element of document.body.querySelectorAll("*")) {
    element.toggleAttribute("data-new-look", Boolean(isNew(element)));
  }
});
