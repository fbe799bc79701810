// Pairs of texts that are printed over each other, as [text, text, place]. A text is a line box of a text node, or a
// label of a picture, as far as what scrolls or clips lets it be seen. What sticks to an edge is to be let go before.
(() => {
  const SHARE = 0.2; // of a line's height is room for accents and tails, above and below: there they may touch
  const EVERYWHERE = { left: -Infinity, top: -Infinity, right: Infinity, bottom: Infinity };
  const clips = new Map();
  const clipOf = (element) => {
    if (!element || element === document.documentElement) return EVERYWHERE;
    if (clips.has(element)) return clips.get(element);
    const outer = clipOf(element.parentElement);
    const { overflowX, overflowY, clipPath } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const own = clipPath === "none" ? { ...outer } : { left: 0, top: 0, right: 0, bottom: 0 }; // is read aloud
    if (overflowX !== "visible") [own.left, own.right] = [Math.max(own.left, box.left), Math.min(own.right, box.right)];
    if (overflowY !== "visible") [own.top, own.bottom] = [Math.max(own.top, box.top), Math.min(own.bottom, box.bottom)];
    clips.set(element, own);
    return own;
  };
  const seen = new Map();
  const isSeen = (element) => {
    if (!seen.has(element)) {
      seen.set(
        element,
        element.checkVisibility({ opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true }),
      );
    }
    return seen.get(element);
  };
  const boxes = [];
  const add = (rect, text, element) => {
    const clip = clipOf(element);
    const [left, right] = [Math.max(rect.left, clip.left), Math.min(rect.right, clip.right)];
    const spare = SHARE * (rect.bottom - rect.top);
    const [top, bottom] = [Math.max(rect.top + spare, clip.top), Math.min(rect.bottom - spare, clip.bottom)];
    if (right - left > 2 && bottom - top > 2) boxes.push({ left, right, top, bottom, text, element });
  };
  const root = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    const element = node.parentElement;
    if (
      !node.data.trim() || !element || element.closest("script, style, noscript, option, title, svg") ||
      !isSeen(element)
    ) continue;
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) add(rect, node.data.trim(), element);
  }
  // What stands askew has a box that is larger than it is.
  const upright = (label) => Math.abs(label.getScreenCTM()?.b ?? 1) < 0.01;
  // What a plot measures where nobody looks, or has not laid out yet, lies outside of it.
  const isDrawn = (label) => {
    const plot = label.closest(".js-plotly-plot")?.getBoundingClientRect();
    const { left, right, top, bottom } = label.getBoundingClientRect();
    return !plot || (left < plot.right && right > plot.left && top < plot.bottom && bottom > plot.top);
  };
  for (const label of root.querySelectorAll("svg text")) {
    if (label.textContent.trim() && isSeen(label) && upright(label) && isDrawn(label)) {
      add(label.getBoundingClientRect(), label.textContent.trim(), label);
    }
  }
  boxes.sort((a, b) => a.top - b.top);
  const found = [];
  boxes.forEach((a, i) => {
    for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom - 1.5; j++) {
      const b = boxes[j];
      if (a.element === b.element) continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - b.top;
      if (wide > 1.5 && high > 1.5) {
        found.push([a.text.slice(0, 40), b.text.slice(0, 40), place(a.element), place(b.element)]);
      }
    }
  });
  return found;

  function place(element) {
    const named = element.closest("[id]");
    const svg = element.ownerSVGElement ? "svg " : "";
    return `${named ? `#${named.id} ` : ""}${svg}${element.getAttribute("class") ?? element.localName}`;
  }
});
