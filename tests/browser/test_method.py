"""A door opens by mouse, key and touch, and is a link without a script; /method's pictures move."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import App, OpenPage


def opened(page: Page) -> str:
    panel = page.locator(".explanation:popover-open")
    expect(panel).to_have_count(1)
    return panel.inner_text()


def test_a_door_says_what_its_symbol_is_and_escape_gives_the_focus_back(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + "/models")
    door = page.locator('main [data-term="paper_layer"]').first
    door.evaluate("(link) => (link.closest('details').open = true)")
    door.click()
    assert "by the block that reads it" in opened(page)
    page.keyboard.press("Escape")
    expect(page.locator(".explanation:popover-open")).to_have_count(0)
    door.focus()
    page.keyboard.press("Enter")
    assert "by the block that reads it" in opened(page)
    page.keyboard.press("Escape")
    expect(door).to_be_focused()
    door.click()
    page.locator(".explanation a").click()
    page.wait_for_url("**/method#paper_layer")
    expect(page.locator("#paper_layer")).to_be_in_viewport()
    intro(page)


def intro(page: Page) -> None:
    """Its slider moves through recorded answers, and the claim and the control with it."""
    page.locator("#sliders input[type=range]").focus()
    page.keyboard.press("End")
    expect(page.locator("#claim")).to_contain_text("stops refusing and invents a fact")
    expect(page.locator("#pushes")).to_contain_text("of 32 open with a refusal")
    expect(page.locator("#essay-names .token:visible").first).to_be_visible()
