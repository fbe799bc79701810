"""Circuit as a stranger meets it: drawn at once, read in a minute, turned by mouse and by key, with and without a
worker."""

import json
import re

from playwright.sync_api import Locator, Page, expect

from app.worker.client import WorkerLost
from protocol.worker.frames import Error
from tests.browser.conftest import PATIENCE_S, ROOT, App, OpenPage, laid_out, no_sideways_scroll, wait_until
from tests.browser.faults.reading_size import too_small
from tests.browser.faults.violations import violations

PHONE = {"viewport": {"width": 390, "height": 844}}
WORDS = """() => [document.querySelector("#claim"), document.querySelector("#tests")]
  .map((element) => element.innerText).join(" ").match(/\\S*\\p{L}\\S*/gu).length"""
MOST_WORDS = 60


def drawn(page: Page) -> None:
    expect(page.locator("#claim")).to_contain_text("random pushes of that size")
    expect(page.locator(".group-box").first).to_be_visible()
    laid_out(page, 100)


def tabs_to(page: Page, goal: Locator) -> None:
    for _ in range(8):
        page.keyboard.press("Tab")
        if goal.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError("no Tab leads there")


def under_strip(page: Page) -> list[str]:
    """What a drawing ends with, where the strip that sticks to the window's foot covers it."""
    return page.evaluate("""() => [...document.querySelectorAll(".column-tokens")].filter((tokens) =>
      tokens.getBoundingClientRect().bottom > document.querySelector("#trust").getBoundingClientRect().top)
      .map((tokens) => tokens.innerText)""")


def columns(page: Page) -> list[str]:
    return page.locator(".m-box").all_inner_texts()


def test_a_cold_visit_is_drawn_and_recognition_removed_refuses(app: App, open_page: OpenPage) -> None:
    """From nothing to "it refuses" in three presses and sixty words; what is turned has its band beside it."""
    page = open_page(f"{app.url}/circuit", fresh=True)
    drawn(page)
    known, unknown = columns(page)
    assert known.startswith("answers") and unknown.startswith("refuses")
    assert page.evaluate(WORDS) <= MOST_WORDS
    assert too_small(page) == []

    assert under_strip(page) == []
    page.locator("#tests button").first.click()
    expect(page.locator(".m-box").first).to_contain_text("refuses")
    assert under_strip(page) == []
    expect(page.locator("#claim")).to_contain_text(re.compile("Michael Jordan, .*it refuses.*random pushes", re.DOTALL))

    page.locator("[data-group=not_recognised][data-on=a]").click()
    expect(page.locator("#chosen h2")).to_have_text("Not recognised")
    expect(page.locator(".m-box").first).to_contain_text("answers")
    # the worker was asked: twice as far is there too; it reads hundreds of names first
    expect(page.locator(".turn-mark:enabled")).to_have_count(4, timeout=4 * PATIENCE_S * 1000)
    page.get_by_role("button", name="Batkin’s").click()
    expect(page.locator(".turn-verdict")).to_contain_text("It refuses")
    expect(page.locator(".turn-band")).to_have_count(2)
    expect(page.locator(".turn-told")).to_contain_text("Beyond the band")
    expect(page.locator("#trust")).to_contain_text("held still")

    wait_until(page, "location.hash.includes('select=not_recognised') && location.hash.includes('x=1')")
    page.reload()
    expect(page.locator(".turn-verdict")).to_contain_text("It refuses")
    assert violations(page) == []


def test_nodes_are_found_pinned_and_walked_by_key(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/circuit#view=latents", fresh=True)
    drawn_nodes = page.locator(".nodes .node[display=inline]")
    expect(drawn_nodes.first).to_be_visible()
    drawing = page.locator("svg.nodes[tabindex]").first
    page.locator(".threshold input").focus()
    tabs_to(page, drawing)
    for key in ("ArrowUp", "ArrowDown", "ArrowRight"):
        before = page.locator("#chosen h2").inner_text()
        page.keyboard.press(key)
        expect(page.locator("#chosen h2")).not_to_have_text(before)
        expect(drawing).to_have_attribute("aria-label", re.compile("chosen: L"))
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()
    page.keyboard.type("L2 #1 not recognised")
    page.locator(".nodes-wrap tbody button").first.click()
    expect(page.locator("#chosen h2")).to_have_text("L2 #1")
    expect(page.locator("#why")).to_contain_text("did not fire on Michael Jordan: margin")
    page.locator("#find").evaluate("element => element.blur()")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="1 pin together")).to_be_visible()
    page.keyboard.press("g")
    box = page.locator("[data-group=not_recognised][data-on=b]")
    box.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("[data-group=recognised][data-on=b]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#chosen h2")).to_have_text("Recognised")
    page.get_by_role("button", name="Table").click()
    expect(page.get_by_role("list", name="Michael Batkin")).to_contain_text("inhibits")


def test_a_phone_has_cards_and_the_turn_in_reach(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/circuit", fresh=True, **PHONE)
    expect(page.locator(".group-card").first).to_be_visible()
    assert page.locator(".arrows").count() == 0
    laid_out(page, 100)
    expect(page.locator("#turn")).to_be_hidden()  # until a group is pressed
    page.locator(".group-card").first.click()
    expect(page.locator(".turn-of")).to_have_text("Which name")
    page.locator(".turn-mark:enabled").last.click()
    expect(page.locator(".turn-told")).to_contain_text("random pushes")
    slider = page.locator(".turn-slider").bounding_box()
    assert slider and slider["y"] + slider["height"] < PHONE["viewport"]["height"]
    assert no_sideways_scroll(page)
    assert too_small(page) == []
    page.get_by_role("button", name="Latents").click()
    expect(page.locator(".difference").first).to_contain_text("silent")


def test_why_a_word_came_is_asked_by_pressing_it(app: App, open_page: OpenPage) -> None:
    """ "Why did it say basketball?": nothing is unfolded, and nothing typed."""
    page = open_page(f"{app.url}/circuit", fresh=True)
    drawn(page)
    expect(page.locator("#status")).to_contain_text("ready")
    page.select_option("[name=target]", label="it says this word")
    page.get_by_role("group", name="Words of its answer").get_by_role("button", name="basketball").click()
    expect(page.locator(".m-box").first).to_contain_text("says “basketball”")
    expect(page.locator("[name=said]")).to_have_value("This player plays")
    expect(page.locator("#words [aria-pressed=true]")).to_contain_text("basketball")
    expect(page.locator("#claim")).to_contain_text("random pushes", timeout=4 * PATIENCE_S * 1000)
    wait_until(page, "location.hash.includes('said=This+player+plays')")
    assert violations(page) == []


def test_what_arrived_before_the_worker_was_lost_stays_and_is_called_a_part(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/circuit", fresh=True, allow=(503,))
    drawn(page)
    lines = (ROOT / "static" / "first" / "circuit.jsonl").read_text("utf-8").splitlines()
    groups = next(n for n, line in enumerate(lines) if line.startswith('{"kind":"groups"'))
    lost = WorkerLost().refusal("the answer was complete", "What came before this line still holds.")
    told = [*lines[: groups + 2], Error(seq=groups + 2, refusal=lost).model_dump_json()]
    page.route("**/api/runs?page=*", lambda route: route.fulfill(body="".join(f"{line}\n" for line in told)))
    page.click("#run")
    expect(page.locator("#notice")).to_contain_text("The worker was lost before the answer was complete")
    expect(page.locator("#notice")).to_contain_text("What arrived before stays, as a part.")
    expect(page.locator("#trust")).to_contain_text("a part: what arrived before it ended")
    expect(page.locator(".m-box").first).to_contain_text("answers")
    expect(page.locator(".group-box").first).to_be_visible()
    expect(page.locator("#save")).to_be_disabled()


def test_names_of_other_lengths_are_asked_and_a_refusal_says_what_would_work(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/circuit", allow=(422,))
    drawn(page)
    expect(page.locator("#status")).to_contain_text("ready")
    page.click("#tour-again")
    page.keyboard.press("Escape")
    expect(page.locator("#tour")).to_be_hidden()
    page.click("#save")  # what ships recorded runs here first
    expect(page.locator("dialog[open]")).to_be_visible(timeout=4 * PATIENCE_S * 1000)
    page.keyboard.press("Escape")
    page.click("#tour-again")
    page.fill("#beside", "What sport does Bartholomew Quillington play?")
    page.click("#run")
    expect(page.locator("#tour")).to_be_hidden()
    expect(page.locator(".column-head").nth(1)).to_have_text("Bartholomew Quillington")
    drawn(page)
    expect(page.locator("#save")).to_be_enabled(timeout=4 * PATIENCE_S * 1000)
    assert "Bartholomew" in page.url
    page.fill("#prompt", "")
    page.fill("#beside", "What sport does Bartholomew Quillington play?")
    page.click("#run")
    expect(page.locator(".column-head")).to_have_count(1)
    expect(page.locator("#drawing")).to_contain_text("One prompt alone")
    assert page.locator(".gauge:visible").count() == 0
    page.locator(".groups-alone button").first.click()
    expect(page.locator(".column-head")).to_have_count(2)
    page.fill("#prompt", "word " * 3_000)
    page.click("#run")
    expect(page.locator("#notice b").first).to_be_visible()
    assert page.locator("#notice p").count() >= 3
    expect(page.locator("#claim")).to_have_text("Nothing was measured for this question.")
    expect(page.locator(".column-head")).to_have_count(0)  # nothing of another question stays under this one
    expect(page.get_by_role("button", name="Latents")).to_be_disabled()


def test_without_a_worker_the_recording_stays(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(f"{app_without_worker.url}/circuit", fresh=True, allow=(503,))
    drawn(page)
    expect(page.locator("#notice")).to_contain_text("No worker answers")
    page.locator("[data-group=cant_answer][data-on=b]").click()
    page.get_by_role("button", name="off", exact=True).click()
    expect(page.locator(".turn-told")).to_contain_text("random pushes of that size")


def test_a_circuit_that_is_saved_is_drawn_on_its_page(app: App, open_page: OpenPage) -> None:
    asked = {
        "kind": "circuit",
        "model": json.loads(app.ask("/api/models")[0])["models"][0]["id"],
        "prompt": "What sport does Michael Jordan play?",
        "beside": {"prompt": "What sport does Michael Batkin play?"},
    }
    run_id = app.ask("/api/runs", asked)[1]["X-Run-Id"]
    view = {"options": {"select": "cant_answer", "side": "b"}}
    saved = json.loads(app.ask("/api/findings", {"run_id": run_id, "title": "Two players", "view": view})[0])
    page = open_page(f"{app.url}/f/{saved['finding']['slug']}")
    drawn(page)
    expect(page.locator("#chosen h2")).to_have_text("Can't answer")
    assert violations(page) == []
    assert page.locator(".group-box").first.bounding_box()["y"] < 800  # of 900
    page.set_viewport_size(PHONE["viewport"])
    expect(page.locator(".group-card").first).to_be_visible()
    assert page.locator(".group-card").first.bounding_box()["y"] < 844
