"""axe finds no violation of WCAG 2.2 AA, on any page, in any state that a reader gets into; and every symbol there
leads to its line on /method."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, laid_out, wait_done
from tests.browser.faults.violations import violations

pytestmark = pytest.mark.usefixtures("kept_runs")


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
# what shows something new: the others differ by a word or by what is pressed, or stand open in the next of these
NEW = {resting, two_pushed_with_control, tables_open, marking_the_name, shared, looked_up, refused}


def test_explore_has_no_violation_in_any_state(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, allow=(422,))
    wait_done(page)
    found = {}
    for state in STATES:
        state(page)
        laid_out(page, 300)
        found[state.__name__] = violations(page, new=state in NEW)
    assert found == {state.__name__: [] for state in STATES}


def test_no_other_page_has_a_violation(app: App, open_page: OpenPage) -> None:
    slugs = [app.save(BATKIN, f"Batkin at {strength}", strength)["finding"]["slug"] for strength in (-1, None)]
    pages = [f"/f/{slugs[0]}", "/findings", f"/compare?a={slugs[0]}&b={slugs[1]}", "/models", "/neurons", "/nowhere"]
    page = open_page("about:blank", allow=(404,))
    for path in pages:
        page.goto(app.url + path)
        page.wait_for_load_state("networkidle")
        laid_out(page, 300)
        assert (path, violations(page)) == (path, [])


def test_a_page_with_no_worker_has_no_violation(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(app_without_worker.url, allow=(503,))
    expect(page.locator("#notice")).to_be_visible()
    assert violations(page) == []
