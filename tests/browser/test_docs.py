"""The API's own page: drawn from our files, under our policy, in both themes and on a phone."""

import json
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, OpenPage, no_sideways_scroll


def _luminance(page: Page, selector: str, what: str) -> float:
    """0 black to 1 white, of a colour as it is computed."""
    red, green, blue = page.locator(selector).first.evaluate(
        "(e, what) => getComputedStyle(e)[what].match(/[0-9.]+/g).slice(0, 3).map(Number)", what
    )
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def _operations(app: App) -> int:
    with urllib.request.urlopen(f"{app.url}/openapi.json") as answer:
        return sum(len(methods) for methods in json.load(answer)["paths"].values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_operation_is_listed_in_either_theme(app: App, open_page: OpenPage, scheme: str) -> None:
    page = open_page(f"{app.url}/docs", color_scheme=scheme)
    expect(page.locator(".opblock")).to_have_count(_operations(app))
    expect(page.locator(".info .title")).to_contain_text("Hallucinoscope")
    dark = scheme == "dark"
    assert (_luminance(page, "body", "backgroundColor") < 0.3) is dark
    for selector in (".info .title", ".opblock-summary-path", ".opblock-tag"):
        assert (_luminance(page, selector, "color") > 0.5) is dark, selector


def test_an_operation_opens_describes_its_body_and_can_be_tried_and_the_button_turns_the_theme(
    app: App, open_page: OpenPage
) -> None:
    page = open_page(f"{app.url}/docs", color_scheme="light")
    health = page.locator(".opblock", has_text="/healthz")
    health.locator(".opblock-summary-control").click()
    health.get_by_role("button", name="Try it out").click()
    health.get_by_role("button", name="Execute").click()
    expect(health.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    expect(health.locator(".live-responses-table")).to_contain_text('"worker"')
    run = page.locator(".opblock-post", has_text="/api/runs").first
    run.locator(".opblock-summary-control").click()
    expect(run.locator(".opblock-section-request-body")).to_contain_text('"prompt"')
    page.click("#theme")
    assert _luminance(page, ".info .title", "color") > 0.5


def test_on_a_phone_nothing_sticks_out(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/docs", viewport={"width": 375, "height": 800}, color_scheme="dark")
    expect(page.locator(".opblock").first).to_be_visible()
    assert no_sideways_scroll(page)
    page.locator(".opblock-post .opblock-summary-control").first.click()
    expect(page.locator(".opblock-body").first).to_be_visible()
    assert no_sideways_scroll(page)
