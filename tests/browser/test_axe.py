"""axe finds no violation of WCAG 2.2 AA, on any page, in any state that a reader gets into; and every symbol there
leads to its line on /method."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, laid_out, wait_done
from tests.browser.faults.doors import symbols_without_door
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERY_RULE = {"runOnly": {"type": "tag", "values": LEVELS}}
CONTRAST = {"runOnly": ["color-contrast"]}  # all that the dark changes, and four fifths of axe's time
ALL_BUT_CONTRAST = {**EVERY_RULE, "rules": {"color-contrast": {"enabled": False}}}
LONG = {"exclude": [["tbody > tr:nth-child(n + 8)"]]}  # of a table: those lines drew the seven rows above
WIDE = {"width": 1440, "height": 900}


def violations(page: Page, *, colours: bool = True) -> list[str]:
    """On a wide screen, in the dark and on a phone, which the stylesheets tell by its width alone.

    colours: contrast too, in the light and in the dark. A state that shows nothing new does without.
    What sticks to an edge is let go: what it covers is a scroll away, and has its whole size then.
    """
    page.evaluate(
        "document.querySelectorAll('.foot, .top, .steer, .beside, .tour, .notice')"
        ".forEach((e) => (e.style.position = 'static'))"
    )
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE)  # through the debugger: the page's own policy forbids the like
    page.emulate_media(reduced_motion="reduce")  # at once: half faded is no colour
    rules = EVERY_RULE if colours else ALL_BUT_CONTRAST
    found = audit(page, "wide", rules)
    found += [f"a symbol leads nowhere: {text}" for text in symbols_without_door(page)]
    if colours:
        page.emulate_media(color_scheme="dark")
        found += audit(page, "dark", CONTRAST)
        page.emulate_media(color_scheme="light")
    page.set_viewport_size(PHONE["viewport"])
    laid_out(page, 100)
    found += audit(page, "phone", rules)
    page.set_viewport_size(WIDE)
    return found


def audit(page: Page, view: str, rules: dict[str, object]) -> list[str]:
    found = page.evaluate(
        "([within, rules]) => axe.run(within, {...rules, resultTypes: ['violations']})"
        ".then(({violations}) => violations.flatMap(({id, nodes}) =>"
        " nodes.map(({target, failureSummary}) => `${id} ${target.join(' ')}: ${failureSummary}`)))",
        [LONG, rules],
    )
    return sorted(f"{view}: {one}" for one in found)


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


def turn_tables(page: Page) -> None:
    for button in page.get_by_role("button", name="Table", exact=True).all():
        if button.is_enabled():
            button.click()


def tables_open(page: Page) -> None:
    turn_tables(page)


def marking_the_name(page: Page) -> None:
    turn_tables(page)  # closed again: no state pays for another's
    page.locator(".tool-choice").get_by_text("Mark name", exact=True).click()
    page.locator("#map").get_by_text("Difference", exact=True).click()


def choosing_tokens(page: Page) -> None:
    page.locator(".tool-choice").get_by_text("Steer", exact=True).click()
    page.locator("#map").get_by_text("Baseline", exact=True).click()


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
    marking_the_name,
    choosing_tokens,
    sharing,
    shared,
    looked_up,
    left,
    refused,
]
# what shows something new: the others differ by a word or by what is pressed
COLOURFUL = {resting, two_pushed_with_control, tables_open, marking_the_name, shared, looked_up, refused}


def test_explore_has_no_violation_in_any_state(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, allow=(422,))
    wait_done(page)
    found = {}
    for state in STATES:
        state(page)
        laid_out(page, 300)
        found[state.__name__] = violations(page, colours=state in COLOURFUL)
    assert found == {state.__name__: [] for state in STATES}


def test_no_other_page_has_a_violation(app: App, open_page: OpenPage) -> None:
    slugs = [app.save(BATKIN, f"Batkin at {strength}", strength)["finding"]["slug"] for strength in (-1, None)]
    pages = [f"/f/{slugs[0]}", "/findings", f"/compare?a={slugs[0]}&b={slugs[1]}", "/models", "/neurons", "/nowhere"]
    for path in pages:
        page = open_page(app.url + path, allow=(404,))
        page.wait_for_load_state("networkidle")
        laid_out(page, 300)
        assert (path, violations(page)) == (path, [])


def test_a_page_with_no_worker_has_no_violation(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(app_without_worker.url, allow=(503,))
    expect(page.locator("#notice")).to_be_visible()
    assert violations(page) == []
