"""No text is printed over another, at any width, on any page, and none smaller than can be read.

Boxes of text are measured, also those of pictures' labels; a page is opened once and made narrower and wider, to
widths between which its stylesheets say something else.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, laid_out, wait_done
from tests.browser.faults.reading_size import LEAST_PX, SMALL
from tests.browser.test_axe import beside, pushed

pytestmark = pytest.mark.usefixtures("kept_runs")
OVERLAPS = Path(__file__).with_name("faults").joinpath("overlap.js").read_text()
WIDTHS = (360, 390, 480, 600, 768, 900, 960, 1024, 1280, 1440, 1920, 2560)
# What sticks to an edge lies over the rest, which is a scroll away: it goes back to its place while all is measured.
# Everything is read before anything is set, or each of thousands of elements has the page laid out anew.
MEASURED = f"""(small) => {{
  const wide = document.documentElement.scrollWidth > innerWidth;
  const held = [...document.querySelectorAll("body *")].flatMap((element) => {{
    const {{ position }} = getComputedStyle(element);
    const sticks = position === "sticky";
    const lies = sticks || (position === "fixed" && !element.closest("dialog"));
    return lies || element.scrollLeft ? [{{ element, sticks, lies, style: element.style.cssText }}] : [];
  }});
  for (const {{ element, sticks, lies }} of held) {{
    element.scrollLeft = 0;
    if (sticks) element.style.inset = "auto", element.style.position = "relative";
    else if (lies) element.style.position = "static";
  }}
  const found = ({OVERLAPS.strip().rstrip(";")})().map((pair) => pair.join(" × "));
  if (small) found.push(...({SMALL})(small));
  for (const {{ element, lies, style }} of held) if (lies) element.style.cssText = style;
  return wide ? ["the page is wider than its window", ...found] : found;
}}"""
# Widths at which this page's stylesheets say something else than below.
BREAKS = """() => {
  const widths = new Set();
  const read = (rules) => {
    for (const rule of rules) {
      for (const [, edge, px] of (rule.conditionText ?? "").matchAll(/(min|max)-width:\s*([\d.]+)px/g)) {
        widths.add(edge === "min" ? Number(px) : Number(px) + 1);
      }
      read(rule.styleSheet?.cssRules ?? rule.cssRules ?? []);
    }
  };
  for (const sheet of document.styleSheets) read(sheet.cssRules);
  return [...widths];
}"""


def widths_of(page: Page) -> list[int]:
    """Of `WIDTHS`: the narrowest between any two breaks of this page, where there is least room, and the widest."""
    breaks = page.evaluate(BREAKS)
    narrowest = {sum(width >= one for one in breaks): width for width in reversed(WIDTHS)}
    return sorted({*narrowest.values(), WIDTHS[-1]})


def overlaps(page: Page) -> dict[str, list[int]]:
    """By what lies over what: at which widths."""
    found: dict[str, list[int]] = {}
    widths = widths_of(page)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        laid_out(page, 300)
        for fault in page.evaluate(MEASURED, LEAST_PX if width in (widths[0], widths[-1]) else None):
            found.setdefault(fault, []).append(width)
    return found


def edited(page: Page) -> None:
    """All that a page shows at rest, and another question that is typed and not asked: the longest that stands beside
    the prompt's heading."""
    page.fill("#prompt", f"{BATKIN} Please")
    expect(page.locator("#edited")).to_contain_text("edited")


def controlled(page: Page) -> None:
    """A control's answer is the third, with buttons in its head."""
    page.locator(".direction.active .slider").press("End")
    page.get_by_role("button", name="Show a random control's answer").click()
    expect(page.locator("#answers .answer").nth(2).locator(".badge")).to_be_visible()


def sharing(page: Page) -> None:
    """The dialog over the pair that `beside` asked for."""
    page.locator("#share").click()
    expect(page.locator("dialog[open]")).to_contain_text("Make it public")


def test_no_text_lies_over_another_in_explore(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    for state in (edited, pushed, controlled, beside, sharing):
        page.set_viewport_size({"width": 1440, "height": 900})
        state(page)
        assert (state.__name__, overlaps(page)) == (state.__name__, {})


def test_no_text_lies_over_another_on_any_other_page(app: App, open_page: OpenPage) -> None:
    slugs = [app.save(BATKIN, f"Overlap at {strength}", strength)["finding"]["slug"] for strength in (-1, None)]
    found = {}
    page = open_page(app.url + "/findings?q=overlap", allow=(404,))
    compared = f"/compare?a={slugs[0]}&b={slugs[1]}"
    for path in (
        "/findings?q=overlap",  # those of other tests have names whose marks reach over lines
        f"/f/{slugs[0]}",
        compared,
        "/models",
        "/method",
        "/discover",
        "/experiments",
        "/circuit",
        "/neurons",
        "/nowhere",
    ):
        page.goto(app.url + path)
        page.wait_for_load_state("networkidle")
        found[path] = overlaps(page)
    assert {path: pairs for path, pairs in found.items() if pairs} == {}
