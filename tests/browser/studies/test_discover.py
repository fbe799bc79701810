"""Discover as somebody would use it: search, watch, pin, push in Explore, save; with own names; by keyboard."""

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, OpenPage, share, wait_done
from tests.browser.faults.violations import violations

FILTER = 0.1  # leaves out the latent that knows unknown names best, which fires on 0.18 of the embedded model's text
LIMIT_S = 120  # from a press to a ranked table, on two cores


def searched(app: App, **changes: object) -> str:
    """A whole discovery of few names, asked without a browser; its run."""
    model = json.loads(app.ask("/api/models")[0])["models"][0]["id"]
    asked = {"kind": "discover", "model": model, "names": {"kind": "world", "most": 60}, **changes}
    run = json.loads(app.ask("/api/runs", asked)[0])["id"]
    end = time.monotonic() + LIMIT_S
    while (state := json.loads(app.ask(f"/api/runs/{run}")[0])["state"]) != "done":
        assert state in ("queued", "running") and time.monotonic() < end, state
        time.sleep(0.3)
    return run


@pytest.fixture(scope="module")
def run(app: App) -> Iterator[str]:
    yield searched(app, max_corpus_share=FILTER)


def done(page: Page) -> None:
    expect(page.locator("#save")).to_be_enabled(timeout=LIMIT_S * 1000)


def pins(page: Page, role: str) -> None:
    """The best latent of a role."""
    page.locator("#found .segmented").get_by_text(role, exact=True).click()
    page.locator(".discovery-ranking .pin button[aria-pressed]").first.click()


@pytest.mark.timeout(400)
def test_from_nothing_to_two_pinned_latents_whose_curves_are_findings(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + "/discover")
    expect(page.locator("#found")).to_contain_text("No names compared yet")
    expect(page.locator("#names")).to_contain_text("known and")
    began = time.monotonic()
    page.click("#run")

    # While it runs: how far it is, a ranking that fills, and it can be paused and gone on with.
    expect(page.locator(".running-said")).to_contain_text(re.compile(r"[1-9][\d,]* of [\d,]+ names"))
    expect(page.locator(".ranking tbody tr").first).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".running-said")).to_contain_text("Paused.")
    assert page.locator(".ranking tbody tr").count() > 3
    page.reload()  # the address keeps the run
    expect(page.locator(".running-said")).to_contain_text("Paused.")
    page.get_by_role("button", name="Go on").click()
    done(page)
    expect(page.locator(".running-said")).to_contain_text("Done. 2,064 of 2,064 names")
    expect(page.locator(".ranking tbody tr").first).to_contain_text(re.compile(r"L\d #\d+"))
    took = time.monotonic() - began
    assert took < LIMIT_S

    # The search is a finding by itself.
    page.click("#save")
    page.get_by_role("button", name="Make it public").click()
    expect(page.locator("#share-link")).to_have_value(re.compile(r"/f/\w+$"))
    page.get_by_role("button", name="Close").click()

    pins(page, "Known")
    pins(page, "Unknown")
    expect(page.locator(".tray")).to_contain_text("2 pinned")
    page.get_by_role("link", name="Open in Explore").click()
    wait_done(page)
    for role in ("known", "unknown"):
        slider = page.locator(f".direction-{role} input[type=range]").first
        slider.focus()
        slider.press("End" if role == "known" else "Home")
        wait_done(page)
        expect(page.locator("#curve .trace").first).to_be_attached()
        expect(page.locator(".answer").nth(1).locator(".answer-text")).not_to_be_empty()
        assert share(page, f"Dose and response, top {role} latent")
        page.keyboard.press("Escape")
        slider.press("0")


def test_a_threshold_moves_without_a_run_and_everything_is_a_table_in_reach_of_keys(
    app: App, run: str, open_page: OpenPage
) -> None:
    page = open_page(f"{app.url}/discover#run={run}")
    done(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator("#found .segmented").get_by_text("Unknown", exact=True).click()
    name = page.locator(".discovery-ranking .name button")
    filtered = name.all_inner_texts()
    page.locator(".discovery-filter input[type=checkbox]").press("Space")
    expect(name.first).not_to_have_text(filtered[0])
    assert float(page.locator(".ranking tbody tr").first.locator(".tested").inner_text()) > 0.5
    assert re.search(r"most=off", page.evaluate("new Promise((f) => setTimeout(() => f(location.hash), 400))"))
    page.locator(".discovery-filter input[type=checkbox]").press("Space")
    expect(name.first).to_have_text(filtered[0])
    assert asked == []

    # A row is selected with a key, shows in the scatter, and arrows walk on from there.
    name.first.press("Enter")
    expect(page.locator(".ranking tr.now").first).to_be_visible()
    expect(page.locator(".scatter-callout")).to_have_count(1)
    expect(name.first).to_be_focused()
    page.locator(".scatter-plot").press("ArrowRight")
    expect(page.locator(".scatter-told")).to_contain_text("of known")
    pin = page.locator(".discovery-ranking .pin button[aria-pressed]").first
    pin.press("Enter")
    expect(page.locator(".tray")).to_contain_text("1 pinned")
    expect(pin).to_be_focused()
    for table in page.locator(".discovery-side").get_by_role("button", name="Table").all():
        table.press("Enter")
    assert page.locator(".discovery-side table tbody tr").count() > 8

    # By meaning, and a latent's card, of either list. What was pinned is there after a look at another page.
    page.fill("#meaning-query", "soccer")
    expect(page.locator(".meaning-list").first).to_contain_text("writes “soccer” before all other tokens")
    expect(page.locator(".meaning-list").last).to_contain_text(
        re.compile(r"at 11 of 16 places .* and on \d+ other tokens")
    )
    assert violations(page) == []
    card = page.locator("#latent")
    for opener in (page.locator(".meaning-list button").first, page.locator(".discovery-ranking .pin button").first):
        opener.press("Enter")
        expect(card.locator(".lens-list li")).to_have_count(16)
        expect(card).to_contain_text(re.compile(r"Fires on [\d.]+ % of 15,638 tokens"))
        page.keyboard.press("Escape")
        expect(card).to_be_hidden()
        expect(opener).to_be_focused()
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_role("link", name="Discover", exact=True).click()
    expect(page.locator(".tray")).to_contain_text("1 pinned")


def test_own_names_are_told_before_they_are_searched(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + "/discover", allow=(422,))
    page.get_by_role("button", name="Your own list").click()
    box = page.locator(".names-box")
    expect(page.locator("#run")).to_be_disabled()
    box.fill("name,type,label\nMichael Jordan,player,known\nMichael Jordan,player,known\n")
    expect(page.locator("#names .problem").last).to_contain_text("ine 3")
    expect(page.locator("#run")).to_be_disabled()
    assert violations(page) == []
    box.fill("name,type,label\nMichael Jordan,player,known\nMichael Batkin,player,unknown\n")
    expect(page.locator(".names-told")).to_contain_text("2 names")
    expect(page.locator("#run")).to_be_enabled()
    page.click("#run")
    expect(page.locator("#searching .problem")).not_to_be_empty()  # one of each is too few, and it says so
    expect(page.locator(".running-said")).to_contain_text("Not run")


def test_without_a_worker_it_says_so_and_asks_for_nothing(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(app_without_worker.url + "/discover", allow=(503,))
    expect(page.locator("#notice")).to_contain_text("No worker answers")
    expect(page.locator("#run")).to_be_disabled()
    expect(page.locator("h1")).to_have_text("Discover")
    assert violations(page) == []
