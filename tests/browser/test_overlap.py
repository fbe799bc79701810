"""No text is printed over another, at any width, on any page, and none smaller than can be read.

Boxes of text are measured, also those of pictures' labels; a page is opened once and made narrower and wider.
"""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, laid_out, wait_done
from tests.browser.faults.reading_size import too_small
from tests.browser.test_axe import beside, pushed

pytestmark = pytest.mark.usefixtures("kept_runs")
OVERLAPS = Path(__file__).with_name("faults").joinpath("overlap.js").read_text()
WIDTHS = (360, 390, 480, 600, 768, 900, 960, 1024, 1280, 1440, 1920, 2560)
# What sticks to an edge lies over the rest, which is a scroll away: it goes back to its place.
LET_GO = """document.querySelectorAll("body *").forEach((element) => {
  const { position } = getComputedStyle(element);
  if (element.scrollLeft) element.scrollLeft = 0;
  const sticks = position === "sticky";
  if (!sticks && (position !== "fixed" || element.closest("dialog"))) return;
  element.dataset.heldBy = element.style.cssText;
  if (sticks) element.style.inset = "auto", element.style.position = "relative";
  else element.style.position = "static";
})"""
# What was let go alone: other places are set in a style too, a label's of the curve.
HELD = """document.querySelectorAll("[data-held-by]").forEach((element) => {
  element.style.cssText = element.dataset.heldBy;
  delete element.dataset.heldBy;
})"""


def overlaps(page: Page) -> dict[str, list[int]]:
    """By what lies over what: at which widths."""
    found: dict[str, list[int]] = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        laid_out(page, 300)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.setdefault("the page is wider than its window", []).append(width)
        page.evaluate(LET_GO)
        for pair in page.evaluate(OVERLAPS):
            found.setdefault(" × ".join(pair), []).append(width)
        for text in too_small(page) if width in (WIDTHS[1], WIDTHS[-1]) else ():
            found.setdefault(text, []).append(width)
        page.evaluate(HELD)
    return found


def edited(page: Page) -> None:
    """Another question is typed, and not asked: the longest that stands beside the prompt's heading."""
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
    assert overlaps(page) == {}
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
