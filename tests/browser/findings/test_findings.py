"""The pages of findings: one, all, two beside each other, and none any more."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, no_sideways_scroll, share, steered_badge, wait_done
from tests.browser.explore.test_states import HOSTILE
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")
JORDAN = "What sport does Michael Jordan play?"
DARK_PHONE = PHONE | {"color_scheme": "dark"}
OFFLINE = "() => { window.online = window.fetch; window.fetch = () => Promise.reject(new TypeError('offline')); }"
WATCH_SHIFTS = """
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries())
    if (!hadRecentInput) window.shifted = (window.shifted ?? 0) + value;
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass(frozen=True)
class Shelf:
    """Findings that only reading tests use, by slug."""

    app: App
    invents: str
    right: str
    unlisted: str


@pytest.fixture(scope="module")
def shelf(app: App) -> Iterator[Shelf]:
    invents = app.save(BATKIN, "Batkin gets a sport", -1, note="One prompt.\nNo rate.")
    right = app.save(JORDAN, "Jordan, untouched")
    unlisted = app.save(BATKIN, "Not for the gallery", -1, listed=False)
    yield Shelf(app, *(saved["finding"]["slug"] for saved in (invents, right, unlisted)))


def gallery_titles(page: Page) -> list[str]:
    """Of the list that was asked for last: the address changes before it is there."""
    expect(page.locator("#found:not([aria-busy])")).to_be_attached()
    return page.locator(".ledger h2").all_inner_texts()


def test_a_check_says_that_an_untouched_finding_is_reproduced(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page(f"{shelf.app.url}/f/{shelf.invents}")
    box = page.locator("#verification")
    expect(box).to_contain_text("Not verified yet")
    box.get_by_role("button", name="Verify").click()
    expect(box.get_by_role("heading")).to_have_text("Reproduced", timeout=60_000)
    kept, n = re.search(r"Tokens that agree\s+([\d,]+) of ([\d,]+)", box.inner_text()).groups()
    assert kept == n != "0"
    expect(box).to_contain_text("Same weights, device")
    expect(box.get_by_role("button", name="Verify again")).to_be_focused()
    page.reload()
    expect(box.get_by_role("heading")).to_have_text("Reproduced")


def test_a_fork_and_its_parent_lead_to_each_other_and_compare(app: App, open_page: OpenPage) -> None:
    parent = app.save(BATKIN, "The parent", -1)["finding"]["slug"]
    page = open_page(f"{app.url}/f/{parent}")
    expect(page.locator(".plot .scatterlayer")).to_be_attached()
    page.get_by_role("link", name="Open in Explore").click()
    wait_done(page)
    expect(page).to_have_url(re.compile(f"parent={parent}"))
    page.fill("#prompt", "What sport does Karl Batkin play?")
    page.press("#prompt", "Enter")
    wait_done(page)
    fork = share(page, "The fork")
    page.get_by_role("link", name="Open it").click()
    lineage = page.locator(".lineage")
    expect(lineage).to_contain_text(f"Forked from f/{parent}")
    lineage.get_by_role("link", name=f"f/{parent}", exact=True).click()
    expect(page.locator(".lineage")).to_contain_text(f"Forks: f/{fork}")
    page.goto(f"{app.url}/f/{fork}")
    page.get_by_role("link", name="compare the two").click()
    expect(page.get_by_role("row", name="question")).to_contain_text("Karl Batkin")
    assert "differs" in page.get_by_role("row", name="question").get_attribute("class")
    assert "differs" not in page.get_by_role("row", name=re.compile("^model ")).get_attribute("class")


def test_two_findings_stand_on_one_scale_and_only_what_differs_can_be_shown(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page(f"{shelf.app.url}/compare?a={shelf.invents}&b={shelf.right}")
    plots = page.locator(".pair-curve .plot")
    expect(page.locator(".pair-curve .scatterlayer")).to_have_count(2)
    scales = plots.evaluate_all("all => all.map((plot) => plot.layout.yaxis.range)")
    assert scales[0] == scales[1]
    same = page.get_by_role("row", name=re.compile("^model "))
    expect(same).to_be_visible()
    page.get_by_label("Only what differs").check()
    expect(same).to_be_hidden()
    expect(page.get_by_role("row", name="question")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^dose"))).to_be_visible()


def test_what_cannot_be_compared_says_which_and_what_to_do(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page(f"{shelf.app.url}/compare?a={shelf.invents}")
    page.get_by_role("link", name="Choose the other one").click()
    expect(page.locator(".chosen")).to_contain_text("Batkin gets a sport")
    page.locator(".entry", has_text="Jordan, untouched").get_by_role("link", name="Compare with this").click()
    expect(page.get_by_role("row", name="question")).to_contain_text("Jordan")
    page.goto(f"{shelf.app.url}/compare?a={shelf.right}&b={shelf.right}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Both are the same finding")
    other = open_page(f"{shelf.app.url}/compare?a={shelf.right}&b=1111111111", allow=(404,))
    expect(other.locator(".sides li").nth(0)).to_contain_text("Jordan, untouched")
    expect(other.locator(".sides li").nth(1)).to_contain_text("No finding has this link")


def test_the_gallery_searches_while_one_types_and_keeps_it_in_the_address(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page(f"{shelf.app.url}/findings")
    assert "Not for the gallery" not in gallery_titles(page)
    page.locator("#q").press_sequentially("batkin sport")
    expect(page.get_by_role("heading", name="Jordan, untouched")).to_have_count(0)
    expect(page.get_by_role("heading", name="Batkin gets a sport")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=batkin\+sport$"))
    expect(page.locator("#q")).to_be_focused()
    page.locator("[data-key=invented]").click()
    expect(page).to_have_url(re.compile("outcome=invented"))
    expect(page.locator("[data-key=invented]")).to_be_focused()
    shown = gallery_titles(page)
    assert "Batkin gets a sport" in shown
    assert gallery_titles(open_page(page.url)) == shown, "a link to a search shows the same to everybody"
    page.go_back()
    expect(page).not_to_have_url(re.compile("outcome"))
    page.fill("#q", "no such words anywhere")
    expect(page.locator("#found")).to_contain_text("Nothing matches “no such words anywhere”")
    expect(page.locator("#told")).to_have_text("0 findings")
    page.get_by_role("link", name="Show all findings").click()
    expect(page.get_by_role("heading", name="Jordan, untouched")).to_be_visible()
    expect(page.locator("#q")).to_have_value("")


def test_a_gallery_that_does_not_answer_keeps_what_is_shown(shelf: Shelf, open_page: OpenPage) -> None:
    page = open_page(f"{shelf.app.url}/findings")
    shown = gallery_titles(page)
    page.evaluate(OFFLINE)
    page.fill("#q", "anything")
    expect(page.locator("#notice")).to_contain_text("The list did not arrive")
    assert gallery_titles(page) == shown


def test_whoever_saved_a_finding_takes_it_back_and_its_link_says_so(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/#prompt=Who is Soon Gone?", allow=(410,))  # a run of its own: it goes with the finding
    wait_done(page)
    slug = share(page, "Soon gone")
    expect(page.locator("#share-token")).not_to_have_value("")
    stranger = open_page(f"{app.url}/f/{slug}", allow=(403, 410))
    expect(stranger.get_by_role("button", name="Take it back…")).to_be_hidden()
    stranger.get_by_text("I have its delete token").click()
    stranger.fill("#delete-token", "not that one")
    stranger.get_by_role("button", name="Take it back…").click()
    stranger.get_by_role("button", name="Delete it").click()
    expect(stranger.locator("#dialog .problem")).to_contain_text("can't be deleted with this token")

    page.get_by_role("link", name="Open it").click()
    page.get_by_role("button", name="Take it back…").click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("This finding was deleted on")
    expect(page).to_have_title("Deleted · Hallucinoscope")
    assert page.evaluate("localStorage.getItem('mine')") == "{}"
    stranger.reload()
    expect(stranger.get_by_role("link", name="Browse findings")).to_be_visible()
    page.get_by_role("link", name="Browse findings").click()
    assert "Soon gone" not in gallery_titles(page)


def test_a_delete_token_works_from_any_browser(app: App, open_page: OpenPage) -> None:
    saved = app.save(JORDAN, "From elsewhere")
    page = open_page(f"{app.url}/f/{saved['finding']['slug']}", allow=(410,))
    page.get_by_text("I have its delete token").click()
    page.fill("#delete-token", saved["delete_token"])
    page.press("#delete-token", "Enter")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("This finding was deleted on")


def test_what_was_typed_survives_a_save_that_fails_and_a_dialog_that_is_closed(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.click("#share")
    page.fill("#share-title", "Kept")
    page.fill("#share-note", "Long thoughts.")
    page.get_by_label("List it under Findings").uncheck()
    expect(page.locator(".public")).to_contain_text("Only who has the link finds it")
    page.evaluate(OFFLINE)
    page.get_by_role("button", name="Make it public").click()
    expect(page.locator("#dialog .problem")).to_contain_text("No answer came")
    page.keyboard.press("Escape")
    page.click("#share")
    expect(page.locator("#share-title")).to_have_value("Kept")
    expect(page.locator("#share-note")).to_have_value("Long thoughts.")
    expect(page.get_by_label("List it under Findings")).not_to_be_checked()
    page.evaluate("() => { window.fetch = window.online; }")
    page.get_by_role("button", name="Make it public").click()
    expect(page.get_by_role("heading", name="It has its link now")).to_be_visible()
    page.get_by_role("link", name="Open it").click()
    expect(page.locator(".finding-head")).to_contain_text("not listed")


def test_all_pages_of_findings_read_without_javascript(shelf: Shelf, open_page: OpenPage) -> None:
    url, plain = shelf.app.url, {"java_script_enabled": False}
    page = open_page(f"{url}/f/{shelf.invents}", **plain)
    expect(page.get_by_role("heading", level=1)).to_have_text("Batkin gets a sport")
    expect(steered_badge(page)).to_contain_text("Invents")
    expect(page.locator(".answer-text").nth(1)).not_to_be_empty()
    expect(page.locator("#provenance")).to_contain_text("8 random directions")
    expect(page.get_by_role("button", name="Verify")).to_be_hidden()
    page.locator("#export summary").click()
    expect(page.locator("#export").get_by_role("link")).to_have_count(5)
    assert page.locator('meta[property="og:image"]').get_attribute("content") == f"{url}/f/{shelf.invents}/card.png"
    page = open_page(f"{url}/findings?outcome=invented", **plain)
    assert "Batkin gets a sport" in gallery_titles(page) and "Jordan, untouched" not in gallery_titles(page)
    page.locator(".entry", has_text="Batkin gets a sport").get_by_role("link", name="Compare").click()
    page.locator("[data-key=invented]").click()
    page.locator(".entry", has_text="Jordan, untouched").get_by_role("link", name="Compare with this").click()
    row = page.get_by_role("row", name="baseline")
    expect(row).to_contain_text("Refuses")
    expect(row).to_contain_text("Right")
    page = open_page(f"{url}/findings?outcome=invented", **plain)
    page.get_by_role("searchbox").fill("batkin")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/findings?outcome=invented&q=batkin")
    assert "Batkin gets a sport" in gallery_titles(page)


def test_a_phone_in_the_dark_never_scrolls_sideways(shelf: Shelf, open_page: OpenPage) -> None:
    url = shelf.app.url
    for path in (f"f/{shelf.invents}", f"findings?a={shelf.invents}", f"compare?a={shelf.invents}&b={shelf.right}"):
        page = open_page(f"{url}/{path}", **DARK_PHONE)
        if "findings" not in path:
            expect(page.locator(".plot .scatterlayer").first).to_be_attached()
        assert no_sideways_scroll(page), path
    page = open_page(f"{url}/f/{shelf.invents}", **DARK_PHONE)
    page.locator("#export summary").click()
    assert no_sideways_scroll(page)
    page.keyboard.press("Escape")
    expect(page.locator("#export ul")).to_be_hidden()


def test_hostile_text_is_text_in_the_gallery_and_beside_another(app: App, open_page: OpenPage) -> None:
    title = f"{HOSTILE} in the gallery"  # other tests save hostile findings too
    one = app.save(f"What sport does {HOSTILE} play?", title, -1, note=HOSTILE)["finding"]["slug"]
    other = app.save(JORDAN, "Harmless", parent=one)["finding"]["slug"]
    page = open_page(f"{app.url}/findings?q=onerror")
    expect(page.get_by_role("heading", level=2).first).to_have_text(title)
    page.fill("#q", title)
    expect(page.locator("#told")).to_have_text("1 finding")
    for path in ("findings?q=" + "%3Cscript%3E", f"compare?a={one}&b={other}", f"f/{one}"):
        page.goto(f"{app.url}/{path}")
        expect(page.locator("h1")).to_be_visible()
        assert page.locator("main script, main img").count() == 0
        assert "owned" not in page.title().replace(HOSTILE, "")


def test_without_a_worker_findings_open_and_a_check_says_why_it_cannot_be_made(
    shelf: Shelf, app_without_worker: App, open_page: OpenPage
) -> None:
    page = open_page(f"{app_without_worker.url}/f/{shelf.right}", allow=(503,))
    expect(page.locator("#status")).to_contain_text("No worker answers")
    box = page.locator("#verification")
    box.get_by_role("button", name="Verify").click()
    expect(box).to_contain_text("Cannot run here: A model is needed", timeout=30_000)
    expect(box.get_by_role("button", name=re.compile("^Verify"))).to_be_enabled()
    expect(page.locator(".plot .scatterlayer")).to_be_attached()
    for path in ("findings", f"compare?a={shelf.invents}&b={shelf.right}"):
        page.goto(f"{app_without_worker.url}/{path}")
        expect(page.locator("#status")).to_contain_text("No worker answers")
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_nothing_jumps_while_the_recording_arrives(shelf: Shelf, open_page: OpenPage, options: dict) -> None:
    page = open_page("about:blank", **options)
    page.add_init_script(WATCH_SHIFTS)
    page.goto(f"{shelf.app.url}/f/{shelf.invents}")
    expect(page.locator(".plot .scatterlayer")).to_be_attached()
    page.wait_for_timeout(200)
    assert page.evaluate("window.shifted ?? 0") < 0.05  # half of what browsers call good


def test_older_findings_are_a_page_away(shelf: Shelf, open_page: OpenPage) -> None:
    model = json.loads(shelf.app.ask("/api/models")[0])["models"][0]["id"]
    run_id = shelf.app.ask("/api/runs", {"kind": "generate", "model": model, "prompt": JORDAN})[1]["X-Run-Id"]
    for n in range(21):
        shelf.app.ask("/api/findings", {"run_id": run_id, "title": f"Paged {n}"})
    page = open_page(f"{shelf.app.url}/findings?q=paged")
    assert gallery_titles(page) == [f"Paged {n}" for n in range(20, 0, -1)]
    page.get_by_role("link", name="Older").click()
    expect(page.locator(".ledger h2")).to_have_text(["Paged 0"])
    expect(page.get_by_role("link", name="Paged 0")).to_be_focused()
    page.get_by_role("link", name="Newest").click()
    expect(page.locator(".ledger h2")).to_have_count(20)
