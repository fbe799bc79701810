"""A finding's page as one file, in a real browser: it is that page, and asks the network for nothing."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage
from tests.browser.explore.test_states import HOSTILE

VIEWS = ("#answers", "#tokens .strip", "#first", "#provenance")  # in words, what both show


def kept(app: App, slug: str, folder: Path) -> str:
    file = folder / f"{slug}.html"
    file.write_bytes(app.ask(f"/f/{slug}.html")[0])
    return file.as_uri()


def words(page: Page) -> list[str]:
    expect(page.locator("#curve .scatterlayer .js-line")).to_have_count(4)
    return [page.locator(view).inner_text() for view in VIEWS]


def test_a_kept_page_is_the_page_and_asks_the_network_for_nothing(
    app: App, open_page: OpenPage, tmp_path: Path
) -> None:
    title = "</script></title><script>window.pwned = 1</script> {{ 7 * 7 }}"
    finding = app.save(BATKIN, title, -1, note=f"{HOSTILE} {title}")["finding"]
    page = open_page(f"{app.url}/f/{finding['slug']}", fresh=True)
    shown = words(page)
    page.goto(kept(app, finding["slug"], tmp_path))
    assert words(page) == shown
    assert page.locator("h1").inner_text() == " ".join(title.split())
    assert page.evaluate("window.pwned") is None
    page.locator("#sliders input[type=range]").first.press("Home")
    assert words(page) != shown, "its slider goes through what was recorded"
    page.locator("#map").scroll_into_view_if_needed()
    expect(page.locator("#map .heatmaplayer image").first).to_be_attached()
    page.locator("#curve details summary").first.click()
    with page.expect_download() as download:
        page.locator("#curve").get_by_role("button", name="Save as SVG").click()
    assert f"{app.url}/f/{finding['slug']}" in Path(download.value.path()).read_text()
    fetched = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert [name for name in fetched if not name.startswith("data:")] == []
    expect(page.locator("[data-verify]")).to_be_hidden()
    page.locator("#curve a[data-term=p_refusal]").first.click()
    expect(page.locator(".explanation:popover-open")).to_contain_text("opens a refusal")


def test_a_script_that_got_into_a_kept_page_would_not_run(app: App, open_page: OpenPage, tmp_path: Path) -> None:
    slug = app.save(BATKIN, "Read me", -1)["finding"]["slug"]
    address = kept(app, slug, tmp_path)
    file = tmp_path / f"{slug}.html"
    file.write_text(file.read_text().replace("</main>", "<script>window.pwned = 1</script></main>"))
    browser = open_page("about:blank").context.browser
    context = browser.new_context()  # its console is expected to complain
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#curve .scatterlayer")).to_be_attached()
    assert page.evaluate("window.pwned") is None
    context.close()
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 720})
    page = context.new_page()
    page.goto(address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Read me")
    expect(page.locator(".answer")).to_have_count(2)
    assert page.locator("main").bounding_box()["width"] <= 375
    context.close()
