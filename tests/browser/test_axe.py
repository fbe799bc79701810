"""axe finds no violation of WCAG 2.2 AA, on any page, in any state that a reader gets into, light and dark."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, wait_done
from tests.browser.test_reach import PHONE

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
VIEWS = {
    "wide": {},
    "dark": {"color_scheme": "dark"},
    "phone": PHONE,
}


def violations(page: Page) -> list[str]:
    """What sticks to an edge is let go: what it covers is a scroll away, and has its whole size then."""
    page.evaluate(
        "document.querySelectorAll('.foot, .top, .steer, .beside, .tour, .notice')"
        ".forEach((e) => (e.style.position = 'static'))"
    )
    page.evaluate(AXE)  # through the debugger: the page's own policy forbids the like
    found = page.evaluate(
        "levels => axe.run({runOnly: {type: 'tag', values: levels}})"
        ".then(({violations}) => violations.flatMap(({id, nodes}) =>"
        " nodes.map(({target, failureSummary}) => `${id} ${target.join(' ')}: ${failureSummary}`)))",
        LEVELS,
    )
    return sorted(found)


def resting(page: Page) -> None:
    wait_done(page)


def pushed(page: Page) -> None:
    ask(page, BATKIN)
    page.locator("input[type=range]").first.focus()
    page.keyboard.press("End")


def two_pushed_with_control(page: Page) -> None:
    page.locator("input[type=range]").nth(1).press("ArrowRight")
    wait_done(page)
    page.get_by_role("button", name="random control").click()
    expect(page.locator("#answers .answer")).to_have_count(3)


def beside(page: Page) -> None:
    page.click("#beside-open")
    expect(page.locator("#beside-answers .answer-text").first).not_to_be_empty()


def sampled(page: Page) -> None:
    page.get_by_role("button", name="Sample 16").click()
    expect(page.locator("#samples details").first).to_be_visible()


def tables_open(page: Page) -> None:
    for button in page.get_by_role("button", name="Table", exact=True).all():
        if button.is_enabled():
            button.click()


def sharing(page: Page) -> None:
    pushed(page)
    page.click("#share")
    expect(page.get_by_role("button", name="Make it public")).to_be_enabled()


def shared(page: Page) -> None:
    page.get_by_role("button", name="Make it public").click()
    expect(page.locator("#share-link")).to_be_visible()


def looked_up(page: Page) -> None:
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a slider").click()
    expect(page.locator("#lookup")).to_be_visible()


def left(page: Page) -> None:
    page.keyboard.press("Escape")


def refused(page: Page) -> None:
    page.fill("#prompt", "word " * 1_500)
    page.press("#prompt", "Enter")
    expect(page.locator("#notice")).to_be_visible()


STATES = [
    resting,
    pushed,
    two_pushed_with_control,
    beside,
    sampled,
    tables_open,
    sharing,
    shared,
    looked_up,
    left,
    refused,
]


@pytest.mark.parametrize("view", VIEWS)
def test_explore_has_no_violation_in_any_state(app: App, open_page: OpenPage, view: str) -> None:
    page = open_page(app.url, allow=(422,), **VIEWS[view])
    wait_done(page)
    found = {}
    for state in STATES:
        state(page)
        page.wait_for_timeout(400)
        found[state.__name__] = violations(page)
    assert found == {state.__name__: [] for state in STATES}


@pytest.mark.parametrize("view", VIEWS)
def test_no_other_page_has_a_violation(app: App, open_page: OpenPage, view: str) -> None:
    slugs = [app.save(BATKIN, f"Batkin at {strength}", strength)["finding"]["slug"] for strength in (-1, None)]
    pages = [f"/f/{slugs[0]}", "/findings", f"/compare?a={slugs[0]}&b={slugs[1]}", "/models", "/nowhere"]
    for path in pages:
        page = open_page(app.url + path, allow=(404,), **VIEWS[view])
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(400)
        assert (path, violations(page)) == (path, [])


def test_a_page_with_no_worker_has_no_violation(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(app_without_worker.url, allow=(503,))
    expect(page.locator("#notice")).to_be_visible()
    assert violations(page) == []
