"""What of a page is written smaller than can be read: every text that is seen, in pictures and by stylesheets too.
What is read aloud alone is left out."""

from playwright.sync_api import Page

LEAST_PX = 13
SMALL = """least => {
  const found = new Set();
  const seen = (element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  const look = (element, text, style) => {
    const px = Number.parseFloat(style.fontSize);
    if (px < least && seen(element)) found.add(`${px} px: ${text.trim().slice(0, 30)}`);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text; (text = walker.nextNode());) {
    const element = text.parentElement;
    if (!text.data.trim() || element.closest(".sr, script, style, noscript, option, #js-plotly-tester")) continue;
    look(element, text.data, getComputedStyle(element));
  }
  for (const element of document.body.querySelectorAll("*")) {
    for (const which of ["::before", "::after"]) {
      const style = getComputedStyle(element, which);
      if (!["none", "normal", '""'].includes(style.content)) look(element, style.content, style);
    }
  }
  return [...found];
}"""


def too_small(page: Page) -> list[str]:
    return page.evaluate(SMALL, LEAST_PX)
