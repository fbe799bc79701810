"""Symbols that stand on a page and lead nowhere."""

from playwright.sync_api import Page

from protocol.glossary.glossary import MARKS, PATTERN

ELSEWHERE = (
    "button, option, [role=option], select, label, summary, legend, title, caption, "
    ".sr, [aria-hidden=true], .method-entry, .explanation"
)
"""A door can't stand in a control. A caption that is read aloud says what stands beside it; what is hidden from
readers of a screen is a picture, and its legend and table have the doors."""
THEIRS = "q, h1, .cite-text, .answer-text, .completions, .token-box, .words-note, textarea, code, .js-plotly-plot"
"""What somebody typed, cites or the model wrote, and what Plotly draws."""

_FOUND = """([pattern, marks, left]) => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walk.nextNode()) {
    const { data, parentElement: parent } = walk.currentNode;
    if (!parent.checkVisibility() || parent.closest(left) || parent.closest("a, svg, script, style")) continue;
    const around = parent.closest("table, ol.arms") ?? parent.closest("p, li, dd, dt, h2, h3, span, div") ?? parent;
    for (const [mark] of data.matchAll(new RegExp(pattern, "gu"))) {
      const met = around.querySelector(`[data-term="${marks[mark]}"]`);
      if (!met) found.push(`${mark}: ${data.trim()} (${parent.tagName} ${parent.className})`);
    }
  }
  return [...new Set(found)];
}"""


def symbols_without_door(page: Page) -> list[str]:
    """Each with the text that it stands in. A text has one door for each entry, and so
    have a table and a list of arms: a second mention needs none."""
    return page.evaluate(_FOUND, [PATTERN, MARKS, f"{ELSEWHERE}, {THEIRS}"])
