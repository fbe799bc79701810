"""The page Neurons: it opens on what was shipped, and what is chosen moves without a run."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import App, OpenPage


def test_does_this_set_of_neurons_do_anything(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + "/neurons")
    claims = page.locator(".neurons-claims")
    expect(claims.locator("li").first).to_contain_text("answers kept out of the fit")
    expect(claims).to_contain_text("Refusing neurons move refusals")
    views = page.get_by_role("group", name="Which pairs count").get_by_role("button")
    expect(views.first).to_have_attribute("aria-pressed", "true")
    views.last.press("Enter")
    expect(views.last).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(re.compile(r"view=3"))
    factor = page.get_by_label("Factor of the neurons")
    factor.press("Home")
    expect(page.locator(".dial-rail")).to_contain_text("silenced")
    page.get_by_role("button", name="in my set").first.press("Space")
    mine = page.get_by_role("link", name=re.compile("^Mine, 1 neuron"))
    expect(mine).to_have_attribute("href", re.compile("/#prompt=.*neuron"))
    expect(page.get_by_role("link", name=re.compile("as a node in Circuit")).first).to_have_attribute(
        "href", re.compile("basis=neurons.*select=mlp")
    )
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
