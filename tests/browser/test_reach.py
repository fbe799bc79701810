"""Small screens, dark rooms, keyboards only."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BATKIN, App, OpenPage, ask, no_sideways_scroll, wait_done, wait_until
from tests.browser.kept_runs import WHOLE_RUNS

pytestmark = pytest.mark.usefixtures("kept_runs")
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


def test_the_first_view_holds_prompt_tokens_sliders_curve_and_both_answers(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    ask(page, BATKIN)
    foot = page.locator(".foot").bounding_box()["y"]
    for part in ("#prompt", ".strip", ".plot", ".direction:last-child .track", ".answer:last-child .answer-text"):
        box = page.locator(part).first.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= foot, part
    assert no_sideways_scroll(page)
    box = page.locator(".answer-box").last.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, 120)  # an answer that fits is nothing to scroll in
    wait_until(page, "() => scrollY > 0")


def test_a_phone_never_scrolls_sideways_and_keeps_the_slider_in_reach(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, **PHONE)
    wait_done(page)
    assert no_sideways_scroll(page)
    page.locator("#read-as").evaluate("(line) => { line.hidden = false; line.textContent = 'How it was read.'; }")
    assert page.locator("#read-as").bounding_box()["x"] == page.locator(".field").bounding_box()["x"]
    page.locator("#read-as").evaluate("(line) => { line.hidden = true; }")
    slider = page.locator(".direction.active input")
    box = slider.bounding_box()
    assert box["y"] > 844 / 2 and box["y"] + box["height"] <= 844
    assert box["height"] >= 44
    page.get_by_role("button", name="Table").first.click()
    assert no_sideways_scroll(page)
    page.click("#share")
    assert no_sideways_scroll(page)
    page.get_by_role("button", name="Make it public").click()
    other = open_page(page.locator("#share-link").input_value(), **PHONE)
    expect(other.locator(".strip .cell").first).to_be_attached()
    other.locator("#map").scroll_into_view_if_needed()
    expect(other.locator(".heatmaplayer")).to_be_attached()
    assert no_sideways_scroll(other)


def test_the_theme_follows_the_system_until_the_reader_chooses(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, color_scheme="dark")
    wait_done(page)
    background = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(background) == "rgb(14, 16, 20)"
    page.click("#theme")
    assert page.evaluate(background) == "rgb(252, 252, 253)"
    page.reload()
    assert page.evaluate(background) == "rgb(252, 252, 253)"
    wait_done(page)


def test_the_story_can_be_told_with_the_keyboard_alone_and_moves_nothing_for_who_wants_that(
    app: App, open_page: OpenPage
) -> None:
    page = open_page(app.url, reduced_motion="reduce")
    moved = page.evaluate_handle(
        "() => { const seen = []; for (const kind of ['transitionrun', 'animationstart'])"
        " document.addEventListener(kind, (e) => seen.push(`${kind} of ${e.propertyName ?? e.animationName} at"
        " ${e.target.className}, ${e.target.getAnimations().map((a) => a.effect.getTiming().duration)} ms`));"
        " return seen; }"
    )
    wait_done(page)

    def tab_to(what: str, limit: int = 60) -> None:
        for _ in range(limit):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({what!r})"):
                return
        raise AssertionError(f"Tab does not reach {what}")

    tab_to("#prompt")
    page.keyboard.press("Control+A")
    page.keyboard.type(BATKIN)
    with page.expect_response(WHOLE_RUNS):
        page.keyboard.press("Enter")
    wait_done(page)
    tab_to(".token")
    focused = "document.activeElement.getAttribute('aria-label')"
    first = page.evaluate(focused)
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) != first
    tab_to(".direction-known input")
    value = page.locator(".direction-known input").first
    page.keyboard.press("End")
    top = float(value.input_value())
    page.keyboard.press("ArrowLeft")
    assert 0 < float(value.input_value()) < top
    expect(value).to_have_attribute("aria-valuetext", "+" + value.get_attribute("aria-valuetext").removeprefix("+"))
    page.keyboard.press("Home")
    assert float(value.input_value()) <= 0
    page.keyboard.press("End")
    expect(page.locator("#claim [aria-live]")).to_contain_text("At +")
    page.locator("#share").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("By keyboard")
    page.keyboard.press("Enter")
    expect(page.locator("#share-link")).to_be_focused()
    assert moved.json_value() == []


def test_dragging_asks_nothing_of_the_server(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    slider = page.locator(".direction input").first
    slider.focus()
    slider.press("Home")
    for _ in range(20):
        slider.press("ArrowRight")
    assert asked == []


def test_every_plot_has_a_table_that_says_the_same(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    for part in ("#tokens", "#curve", "#map", "#first"):
        page.locator(part).get_by_role("button", name="Table").click()
        assert page.locator(f"{part} tbody tr").count() > 3
    shown = page.locator(".tag-refusal").inner_text()
    assert shown in page.locator("#curve tr.now").inner_text()
