"""Explore as an instrument: what is shown is what was asked, at once where it is computed, and never what is old."""

import json
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.settings import LOCAL_WORKER
from tests.browser.conftest import BATKIN, App, OpenPage, share, steered_badge, wait_done, wait_until
from tests.browser.test_reach import PHONE

KEPT = pytest.mark.usefixtures("kept_runs")  # of the tests that are not about how a run comes

# Every change of what the steered answer says, with the strength it is said to belong to.
WATCH = """
() => {
  const seen = (window.seen = []);
  const panel = document.querySelectorAll("#answers .answer")[1];
  const text = (part) => panel.querySelector(part).textContent;
  const look = () => seen.push([text(".strength"), text(".answer-text")]);
  new MutationObserver(look).observe(panel, { subtree: true, childList: true, characterData: true });
}
"""


# A worker that begins once a file is there.
LATE = """
import os, sys, time
while not os.path.exists(sys.argv[1]):
    time.sleep(0.05)
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def late_app(tmp_path: Path) -> Iterator[tuple[App, Callable[[], None]]]:
    """An app whose own worker hasn't begun to load, and what lets it."""
    gate = tmp_path / "begin"
    command = json.dumps([sys.executable, "-c", LATE, str(gate), *LOCAL_WORKER])
    app = App(tmp_path, HALLUCINOSCOPE_WORKER_COMMAND=command)
    try:
        app.wait(ready=False)
        yield app, gate.touch
    finally:
        app.stop()


def slider(page: Page, number: int = 0) -> Any:
    return page.locator("#sliders input[type=range]").nth(number)


def push(page: Page, number: int, key: str, times: int = 1) -> None:
    slider(page, number).focus()
    for _ in range(times):
        page.keyboard.press(key)


def steered_text(page: Page) -> str:
    return page.locator("#answers .answer-text").nth(1).inner_text()


def answer_of(app: App, **changes: object) -> dict[tuple[int | None, float], str]:
    """What the app answers to the page's own request, without the page: texts by (sweep, strength)."""
    card = json.loads(app.ask("/api/models")[0])["models"][0]
    request = {"kind": "generate", "model": card["id"], "prompt": BATKIN, "controls": {"n_directions": 0}} | changes
    lines = [json.loads(line) for line in app.ask("/api/runs", request)[0].splitlines()]
    arms = lines[0]["arms"]
    said = {line["arm"]: line["text"] for line in lines if line["kind"] == "verdict"}
    return {(arm["sweep"], arm["strength"]): said[i] for i, arm in enumerate(arms)}


def direction(app: App, number: int) -> dict[str, Any]:
    card = json.loads(app.ask("/api/models")[0])["models"][0]
    return {name: card["directions"][number][name] for name in ("target", "unit", "scope")}


def test_the_page_lives_before_the_model_does_and_keeps_what_was_pushed(
    late_app: tuple[App, Callable[[], None]], open_page: OpenPage
) -> None:
    app, begin = late_app
    page = open_page(app.url, allow=(503,))
    expect(page.locator("#answers .answer-text").first).to_contain_text("I'm sorry")
    assert not app.health().get("ready")
    expect(page.locator("#share")).to_be_disabled()
    push(page, 0, "End")
    expect(steered_badge(page)).to_contain_text("Invents")
    recorded = steered_text(page)
    begin()
    wait_done(page)  # the model has come, and answered the same question
    assert steered_text(page) == recorded
    expect(steered_badge(page)).to_contain_text("Invents")


@KEPT
def test_every_strength_on_the_grid_is_there_without_asking(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.wait_for_timeout(1_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    push(page, 0, "Home")
    for _ in range(16):
        page.keyboard.press("ArrowRight")
        expect(page.locator("#answers .answer-text").nth(1)).not_to_be_empty()
    assert [url for url in asked if "/api/runs" in url] == []


@KEPT
def test_the_last_of_ten_values_between_the_stops_is_answered_and_none_ever_shows_another_ones_text(
    app: App, open_page: OpenPage
) -> None:
    page = open_page(app.url)
    wait_done(page)
    push(page, 0, "End")
    page.evaluate(WATCH)
    for _ in range(10):
        page.keyboard.press("Shift+ArrowLeft")
        page.wait_for_timeout(100)
    expect(steered_badge(page)).to_be_visible()
    seen = [tuple(pair) for pair in page.evaluate("window.seen")]
    strengths = {float(re.search(r"[+−-]?[\d.]+", label)[0].replace("−", "-")) for label, _ in seen}
    assert len(strengths) >= 10
    sweep = direction(app, 0) | {"strengths": sorted(strengths - {0.0})}
    truth = answer_of(app, sweeps=[sweep])
    for label, text in seen:
        strength = float(re.search(r"[+−-]?[\d.]+", label)[0].replace("−", "-"))
        assert truth[0, strength].startswith(text.removesuffix(" …").strip()), (label, text)
    last = min(strengths)
    assert steered_text(page) == truth[0, last]


@KEPT
def test_two_sliders_push_at_once_and_the_answer_is_that_of_both(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    push(page, 0, "End")
    push(page, 1, "End")
    wait_done(page)
    expect(page.locator("#claim")).to_contain_text("Known entity held at")
    [first, second] = [direction(app, 0), direction(app, 1)]
    card = json.loads(app.ask("/api/models")[0])["models"][0]
    [most, strength] = [card["directions"][i]["strengths"][-1] for i in (0, 1)]
    truth = answer_of(app, hold=[first | {"strength": most}], sweeps=[second | {"strengths": [strength]}])
    assert steered_text(page) == truth[0, strength]

    # Put to rest, the second shows what the first does alone, and it is saved as such.
    push(page, 1, "Delete")
    expect(page.locator("#claim")).to_contain_text("held alone")
    assert steered_text(page) == truth[None, 0.0]
    slug = share(page, "Held alone")
    told = json.loads(app.ask(f"/api/findings/{slug}")[0])
    assert told["answers"]["steered"]["text"] == steered_text(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Compare Known entity with random pushes").click()
    expect(page.locator("#claim")).to_contain_text("None of 32 random pushes of that size opens with an answer")
    assert steered_text(page) == truth[None, 0.0]


@KEPT
def test_a_finding_between_the_stops_is_run_whole_before_it_is_saved(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    push(page, 0, "End")
    push(page, 0, "Shift+ArrowLeft", 3)
    expect(steered_badge(page)).to_be_visible()
    text = steered_text(page)
    slug = share(page, "Between the stops")
    told = json.loads(app.ask(f"/api/findings/{slug}")[0])
    assert told["answers"]["steered"]["text"] == text
    assert told["view"]["strength"] not in direction_strengths(app)
    assert told["view"]["strength"] in told["request"]["sweeps"][told["view"]["sweep"]]["strengths"]


def direction_strengths(app: App) -> list[float]:
    return json.loads(app.ask("/api/models")[0])["models"][0]["directions"][0]["strengths"]


# How far what is shown lies from the nearest point of its curve, in px.
OFF_THE_CURVE = """() => {
  const middle = (element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  };
  const [x, y] = middle(document.querySelector("#curve .dot-refusal"));
  const points = [...document.querySelectorAll("#curve .scatterlayer .points path")].map(middle);
  return Math.min(...points.map(([px, py]) => Math.hypot(px - x, py - y)));
}"""


@KEPT
def test_everything_that_can_be_seen_is_in_the_address(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.locator(".example", has_text="Michael Jordan").click()
    wait_done(page)
    push(page, 0, "Home")
    push(page, 1, "ArrowRight", 2)
    wait_done(page)
    page.click("#beside-open")  # the curve's box gets lower, and nothing else draws it anew
    expect(page.locator("#beside-answers .badge")).to_have_count(2)
    wait_until(page, f"({OFF_THE_CURVE})() < 1.5")
    page.get_by_role("button", name="Show a random control").click()
    page.locator("#tokens .token").nth(6).click()
    page.locator("#map").get_by_text("Difference", exact=True).click()
    page.locator("#top").get_by_text("L1", exact=True).click()
    page.locator("#first").scroll_into_view_if_needed()
    expect(page).to_have_url(re.compile("list=.*map=difference.*beside=.*random="))
    wait_done(page)

    def shown(page: Page) -> list[object]:
        expect(page.locator("#answers .answer")).to_have_count(3)
        expect(page.locator("#answers .badge")).to_have_count(3)
        expect(page.locator("#beside-answers .badge")).to_have_count(2)
        return [
            page.locator("#prompt").input_value(),
            page.locator(".answer-text").all_inner_texts(),
            [one.input_value() for one in page.locator("#sliders input[type=range]").all()],
            page.locator(".focus").first.inner_text(),
            page.locator("#claim p").first.inner_text(),
            *(
                page.locator(f"{part} input:checked").evaluate("e => e.parentElement.innerText")
                for part in (".map-tools", ".top-head")
            ),
        ]

    before = shown(page)
    other = open_page(page.url)
    wait_done(other)
    assert shown(other) == before
    page.reload()
    wait_done(page)
    assert shown(page) == before


def test_a_view_that_breaks_leaves_the_others_as_they_are(app: App, chromium: Browser) -> None:
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def broken(route: Any) -> None:
        script = urllib.request.urlopen(route.request.url, timeout=10).read().decode()
        begin = re.search(r"function firstTokens\(element, state\) \{", script).end()
        route.fulfill(
            body=script[:begin] + "throw new Error('injected');" + script[begin:], content_type="text/javascript"
        )

    page.route("**/joined/explore/explore.js", broken)
    page.goto(app.url)
    wait_done(page)
    assert errors and all("injected" in error for error in errors)
    expect(page.locator("#first")).to_contain_text("failed")
    push(page, 0, "End")
    expect(steered_badge(page)).to_contain_text("Invents")
    expect(page.locator(".strip .cell").first).to_be_visible()
    page.context.close()


@KEPT
def test_the_page_comes_with_few_requests(app: App, open_page: OpenPage) -> None:
    """Red while each module was one, and once a script is asked for by another."""
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(app.url)))
    page.goto(app.url)
    wait_done(page)
    scripts = sorted(path for path in asked if path.endswith(".js"))
    assert scripts == [
        "/static/core/remembered.js",
        "/static/core/theme.js",
        "/static/joined/explore/explore.js",
        "/static/vendor/plotly-cartesian.min.js",
    ]


@pytest.mark.parametrize(("options", "most"), [({}, 0.002), (PHONE, 0.005)], ids=["wide", "phone"])
def test_nothing_jumps_while_it_arrives(app: App, open_page: OpenPage, options: dict[str, Any], most: float) -> None:
    page = open_page("about:blank", fresh=True, **options)
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver((list) => list.getEntries().forEach((e) => window.shifts.push("
        "[e.value, e.hadRecentInput, e.sources.map((s) => s.node?.id || s.node?.className || s.node?.nodeName)])))"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(app.url)
    wait_done(page)
    page.wait_for_timeout(1_500)
    page.evaluate("document.querySelectorAll('.example')[0].click()")  # no input, so a shift would count
    wait_done(page)
    page.wait_for_timeout(1_000)
    shifts = [shift for shift in page.evaluate("window.shifts") if not shift[1]]
    # What is left are right-aligned numbers that grow longer, on their own line.
    assert sum(value for value, _, _ in shifts) < most, shifts
