"""Two prompts under the same push: seen together, shared together, opened and checked together."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, share, wait_done

pytestmark = pytest.mark.usefixtures("kept_runs")
JORDAN = "What sport does Michael Jordan play?"
FOOT = ".foot"  # sticks to the lower edge of Explore


def all_answers_are_above_the_fold(page: Page) -> bool:
    """Of both prompts, within what nothing covers."""
    return page.evaluate(
        """(foot) => {
          const edge = document.querySelector(foot)?.getBoundingClientRect().top ?? innerHeight;
          const texts = [...document.querySelectorAll("#answers .answer-text, #beside-answers .answer-text")];
          const low = texts.map((text) => text.getBoundingClientRect().bottom);
          return scrollY === 0 && texts.length === 4 && Math.max(...low) <= edge;
        }""",
        FOOT,
    )


def test_a_pair_is_seen_shared_opened_and_checked_as_one(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/#prompt={BATKIN}&at=0:1.25&beside={JORDAN}", fresh=True)  # 1440 x 900
    wait_done(page)
    badges = page.locator("#answers .badge, #beside-answers .badge")
    expect(badges).to_have_count(4)
    said = [text.split("·")[0].strip() for text in badges.all_inner_texts()]
    assert said == ["Refuses", "Invents", "Right", "Wrong"]
    assert all_answers_are_above_the_fold(page)
    share(page, "A pair")
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".second .asked")).to_contain_text(JORDAN)
    expect(page.locator("#beside .in-entity").first).to_be_attached()
    expect(badges).to_have_count(4)
    assert [text.split("·")[0].strip() for text in badges.all_inner_texts()] == said
    assert all_answers_are_above_the_fold(page)
    page.locator("#sliders input[type=range]").first.press("Home")  # both follow the slider
    expect(badges.nth(3)).to_contain_text("Right")
    expect(page.locator("#open")).to_have_attribute("href", re.compile("beside=What.sport.does.Michael.Jordan"))
    box = page.locator("#verification")
    box.get_by_role("button", name="Verify").click()
    expect(box.get_by_role("heading")).to_have_text("Reproduced", timeout=60_000)
    expect(box).to_contain_text("both prompts")
