"""What a stranger meets on Explore before anything is unfolded: little to read, large enough, and what changes stays
beside what changes it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, laid_out, steered_badge, wait_done, wait_until
from tests.browser.faults.reading_size import too_small

pytestmark = pytest.mark.usefixtures("kept_runs")
SIZES = [
    (360, 640),
    (390, 844),
    (844, 390),
    (932, 430),
    (768, 800),
    (1024, 640),
    (1024, 768),
    (1280, 640),
    (1440, 900),
    (1920, 1080),
    (2560, 1440),
]
UNFOLDED = "localStorage.getItem('hallucinoscope.unfolded')"
# What one has to read to get from the first view to the flip.
WORDS = """() => [...document.querySelectorAll(".lead, #claim p:not(.sr), #answers article, #steered-line")]
  .filter((element) => element.checkVisibility()).map((element) => element.innerText)
  .concat(document.querySelector("#prompt").value).join(" ").match(/\\S*\\p{L}\\S*/gu)"""

TOPMOST = """(element, [x, y]) => {
  const top = document.elementFromPoint(x, y);
  return top && (element.contains(top) || top.contains(element)) ? null : String(top?.className);
}"""


def seen(page: Page, part: str) -> dict[str, float]:
    """The box of the one part that is shown; the page is asked whether it lies open at its middle."""
    shown = page.locator(part).locator("visible=true").first
    box = shown.bounding_box()
    width, height = page.viewport_size.values()
    assert box["x"] >= 0 and box["y"] >= 0, (part, box)
    assert box["x"] + box["width"] <= width + 1 and box["y"] + box["height"] <= height + 1, (part, box, width, height)
    middle = [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2]
    over = shown.evaluate(TOPMOST, middle)
    assert over is None, (part, over, width, height)
    return box


@pytest.fixture
def page(app: App, open_page: OpenPage) -> Page:
    page = open_page(app.url, fresh=True)
    wait_done(page)
    return page


def test_the_answer_that_changes_and_its_slider_are_on_screen_together_and_can_be_read_at_every_size(
    page: Page,
) -> None:
    expect(page.locator("#prompt")).to_have_value(BATKIN)
    expect(page.locator(".answer").first).to_contain_text("Refuses")
    words = page.evaluate(WORDS)
    assert len(words) < 40, words
    texts = [text for text in page.locator("p").all_inner_texts() if len(text.split()) > 3]
    assert len(texts) == len(set(texts)), "nothing stands twice before anything was pushed"
    for name in ("Mark name", "bar under a token", "Watch a latent", "Sample 16", "log p"):
        assert not page.get_by_text(name).locator("visible=true").count(), f"{name} is one step behind"

    page.locator(".invite").locator("visible=true").click()
    expect(page.locator(".direction.active .slider")).to_be_focused()
    expect(steered_badge(page)).to_contain_text("Invents")
    page.get_by_role("button", name="How this works").click()
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        laid_out(page, 150)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, height)
        answer = ".steered-line-text" if width <= 960 else ".answer:last-child .answer-text"
        said = page.locator(answer).locator("visible=true")
        assert said.inner_text() == page.locator(".answer-text").nth(1).text_content()
        seen(page, answer)
        seen(page, ".direction.active .slider")
        if width <= 960:
            expect(page.locator(".steered-line-verdict")).to_have_text(re.compile(r"Steered \+\d.*Invents"))
            seen(page, ".steered-line-verdict")
            expect(page.locator(".steered-line-control")).to_contain_text("random pushes of that size")
            seen(page, ".steered-line-control")
        seen(page, ".steered-line-baseline" if width <= 960 and height <= 800 else ".answer:first-child .answer-text")
        pages = page.locator(".pages-menu summary") if width <= 800 else page.locator(".pages a")
        for link in pages.all():
            box = link.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width, "every page is in sight, or behind one press"
        assert page.locator(".top").bounding_box()["height"] <= 48, "one row"
        assert too_small(page) == [], (width, height)
        tour = page.locator("#tour").bounding_box()
        assert tour["x"] >= 0 and tour["y"] >= 0 and tour["y"] + tour["height"] <= height, (width, height)


def test_what_was_unfolded_stays_unfolded(app: App, page: Page) -> None:
    still = [page.locator(f"#curve {part}") for part in ("summary", "h2", ".plot")]
    before = [one.bounding_box() for one in still]
    page.locator("#curve summary").click()
    expect(page.locator("#curve").get_by_role("button", name="Table")).to_be_visible()
    assert [one.bounding_box() for one in still] == before
    page.locator("#tokens").get_by_text("Tools", exact=True).click()
    expect(page.locator("#latent")).not_to_be_visible()
    for _ in range(2):
        page.locator(".direction button.latent").first.click()  # whoever opens a card sees it
        expect(page.locator("#latent")).to_be_in_viewport()
        page.get_by_text("Inside the model").click()
        expect(page.locator("#latent")).not_to_be_visible()
    page.get_by_text("Inside the model").click()
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator(".tool-choice")).to_be_visible()
    wait_until(page, f"{UNFOLDED}.includes('inside')")  # a task later
    page.reload()
    wait_done(page)
    expect(page.locator(".tool-choice")).to_be_visible()
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator("#samples")).not_to_be_visible()
    page.locator("#tokens").get_by_text("Tools", exact=True).click()
    wait_until(page, f"!{UNFOLDED}.includes('tokens')")
    page.reload()
    expect(page.locator("#map")).to_be_visible()
    expect(page.locator(".tool-choice")).not_to_be_visible()

    # Chat or raw is the next question's; the page says which one the answer below is of.
    page.get_by_text("Options").click()
    wait_done(page)
    expect(page.locator("#facts")).to_contain_text("chat")
    page.get_by_text("Raw", exact=True).click()
    expect(page.locator("#edited")).to_contain_text("below is the last question's answer")
    expect(page.locator("#facts")).to_contain_text("chat")
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#facts")).to_contain_text("raw")
    expect(page.locator("#edited")).to_have_text("")


def test_the_answer_begins_a_row_of_its_own(page: Page) -> None:
    for width, height in [(1440, 900), (390, 844)]:
        page.set_viewport_size({"width": width, "height": height})
        laid_out(page, 100)
        asked, said = (
            page.locator(f"#tokens {part}").bounding_box() for part in (".cell-text >> nth=-1", ".cell-answer >> nth=0")
        )
        assert said["y"] >= asked["y"] + asked["height"] and said["x"] < width / 4
    expect(page.locator("#tokens .token-turn")).to_have_text("answer")
