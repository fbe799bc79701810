"""The steering panel: several sliders at once, moved, typed, pushed another way, reset and taken off."""

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from protocol.vocabulary import MODES, SCOPES
from tests.browser.conftest import BATKIN, App, OpenPage, no_sideways_scroll, wait_done
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")


def card_of(app: App) -> dict[str, Any]:
    return json.loads(app.ask("/api/models")[0])["models"][0]


def opened(app: App, open_page: OpenPage, fragment: str = "", **options: object) -> Page:
    """Explore on the Batkin question, its run on the way."""
    page = open_page(f"{app.url}/#prompt={BATKIN.replace(' ', '%20')}{fragment}", **options)
    expect(page.locator(".direction").first).to_be_visible()
    return page


def answered(app: App, open_page: OpenPage) -> Page:
    """The same with every answer there."""
    page = opened(app, open_page)
    wait_done(page)
    return page


def row(page: Page, n: int) -> Locator:
    return page.locator(".direction").nth(n)


def slider(page: Page, n: int) -> Locator:
    return row(page, n).locator("input[type=range]")


def value(page: Page, n: int) -> float:
    return float(slider(page, n).input_value())


def type_strength(page: Page, n: int, text: str) -> Locator:
    """Opens the entry of a slider, types, presses Enter; returns the row's last line."""
    row(page, n).locator(".number").press("Enter")  # what is measured arrives and moves what a mouse would aim at
    expect(row(page, n).locator(".typed")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    return row(page, n).locator(".told")


def requests_of(page: Page) -> list[dict[str, Any]]:
    """Filled as the page asks for runs."""
    asked: list[dict[str, Any]] = []
    page.on(
        "request",
        lambda request: (
            asked.append(request.post_data_json) if request.method == "POST" and "/api/runs" in request.url else None
        ),
    )
    return asked


def test_two_sliders_push_at_once_and_the_one_left_alone_says_that_it_is_held(app: App, open_page: OpenPage) -> None:
    page = answered(app, open_page)
    slider(page, 0).press("ArrowRight")
    known = value(page, 0)
    assert known > 0
    asked = requests_of(page)
    slider(page, 1).press("ArrowRight")
    assert value(page, 0) == known and value(page, 1) > 0
    expect(row(page, 0).locator(".value")).to_contain_text("held")
    expect(row(page, 1).locator(".value")).not_to_contain_text("held")
    expect(slider(page, 0)).to_have_attribute("aria-valuetext", re.compile("held"))
    assert row(page, 0).locator(".filled").bounding_box()["width"] > 5
    # The run that answers it holds the first one.
    expect(row(page, 1).locator(".value")).to_contain_text(re.compile(r"measured at .* → "))
    assert [one["strength"] for one in asked[0]["hold"]] == [known]


def test_a_push_says_its_raw_strength_and_what_was_measured_before_and_after(app: App, open_page: OpenPage) -> None:
    page = answered(app, open_page)
    card = card_of(app)
    slider(page, 0).press("ArrowRight")
    strength, r = value(page, 0), card["residual_norm"][3]
    told = row(page, 0).locator(".value")
    raw = float(re.search(r"= ([\d.]+) raw", told.inner_text())[1])
    assert raw == pytest.approx(strength * r, rel=0.01)  # ‖d‖ is 1; three digits
    expect(told).to_contain_text(re.compile(r"measured at kin \S+ → \S+"))
    assert "‖d‖" in told.locator("[title*='‖d‖']").get_attribute("title")


def test_a_click_on_the_curve_goes_to_the_nearest_strength_that_was_computed(app: App, open_page: OpenPage) -> None:
    page = answered(app, open_page)
    strengths = card_of(app)["directions"][0]["strengths"]
    box = page.locator("#curve .plot").bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    expect(page.locator("#curve .tag")).to_have_count(2)
    low, high = strengths[0], strengths[-1]
    assert abs(value(page, 0) - (low + 0.8 * (high - low))) < 0.15 * (high - low)
    assert value(page, 0) in strengths


def test_dragging_writes_a_strength_at_most_once_a_frame_and_only_computed_ones(app: App, open_page: OpenPage) -> None:
    page = answered(app, open_page)
    asked = requests_of(page)
    at_once, after, thumb = slider(page, 0).evaluate(
        """async (input) => {
          let changes = 0;
          new MutationObserver((all) => (changes += all.length))
            .observe(input, { attributes: true, attributeFilter: ["aria-valuetext"] });
          for (let i = 0; i <= 40; i++) {
            input.value = 0.7 + i / 100;
            input.dispatchEvent(new Event("input", { bubbles: true }));
          }
          await Promise.resolve();
          const atOnce = changes;
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return [atOnce, changes, Number(input.value)];
        }"""
    )
    assert (at_once, after) == (0, 1)
    assert thumb in card_of(app)["directions"][0]["strengths"]
    assert asked == []


def test_a_typed_strength_off_the_grid_is_asked_for_alone_and_says_so_until_it_is_there(
    app: App, open_page: OpenPage
) -> None:
    page = answered(app, open_page)
    asked = requests_of(page)
    hold_runs(page)
    type_strength(page, 0, "0.77")
    assert value(page, 0) == 0.77
    line = row(page, 0).locator(".value")
    expect(line).to_contain_text("not on the grid: asked for alone")
    page.evaluate("window.letGo()")
    expect(line).to_contain_text("measured at")
    expect(line).not_to_contain_text("not on the grid")
    points = [run for run in asked if run["sweeps"] and run["sweeps"][0]["strengths"] == [0.77]]
    assert points and [len(run["sweeps"]) for run in points] == [1] * len(points)
    expect(row(page, 0).locator(".number")).to_be_focused()


def hold_runs(page: Page) -> None:
    """Runs wait until letGo()."""
    page.evaluate(
        """() => {
          const real = window.fetch;
          const open = new Promise((done) => (window.letGo = done));
          window.fetch = async (url, options) => {
            if (String(url).startsWith("/api/runs")) await open;
            return real(url, options);
          };
        }"""
    )


def test_a_wrong_number_is_told_what_is_allowed_and_escape_leaves_everything_as_it_was(
    app: App, open_page: OpenPage
) -> None:
    page = opened(app, open_page)
    told = type_strength(page, 0, "99999")
    expect(told).to_have_text(
        "That is out of bounds. −10,000 to 10,000 can be asked for. Type another, or press Escape."
    )
    field = row(page, 0).locator(".typed")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert field.get_attribute("aria-describedby") == told.get_attribute("id")
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(told).to_contain_text("That is no number.")
    page.keyboard.press("Escape")
    expect(told).to_have_text("")
    expect(row(page, 0).locator(".number")).to_be_focused()
    assert value(page, 0) == 0
    # From the slider itself, Enter opens the same field; it gets the focus back.
    slider(page, 0).press("Enter")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(slider(page, 0)).to_be_focused()


def test_a_share_is_above_nothing_and_at_most_all(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page)
    choose_mode(page, 0, "ablate")
    page.keyboard.press("Escape")
    expect(type_strength(page, 0, "1.5")).to_contain_text("0 to 1 can be asked for")
    page.keyboard.press("Escape")
    type_strength(page, 0, "0.4")
    assert value(page, 0) == 0.4
    type_strength(page, 0, "0")
    expect(page.locator(".slider-bar").get_by_text("Reset")).not_to_be_visible()  # a share of nothing is none


def test_a_slider_goes_by_tenths_of_the_gap_ahead_and_to_rest_by_key_and_double_click(
    app: App, open_page: OpenPage
) -> None:
    page = opened(app, open_page)
    for key, there in (("Shift+ArrowRight", 0.0125), ("ArrowRight", 0.125), ("Shift+ArrowLeft", 0.1125)):
        slider(page, 0).press(key)
        assert value(page, 0) == there
    slider(page, 0).press("ArrowLeft")
    assert value(page, 0) == 0
    slider(page, 1).press("End")
    for to_rest in (lambda: slider(page, 0).press("Delete"), slider(page, 0).dblclick):
        slider(page, 0).press("End")
        assert value(page, 0) > 0
        to_rest()
        assert value(page, 0) == 0 < value(page, 1)


def test_reset_all_is_there_only_when_something_is_pushed(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page)
    reset = page.get_by_role("button", name="Reset all")
    expect(reset).not_to_be_visible()
    heights = "[...document.querySelectorAll('.slider-list, .slider-bar')].map((part) => part.offsetHeight)"
    before = page.evaluate(heights)
    slider(page, 0).press("ArrowRight")
    slider(page, 1).press("ArrowRight")
    expect(reset).to_be_visible()
    assert page.evaluate(heights) == before  # its place is kept free
    reset.click()
    expect(reset).not_to_be_visible()
    assert [value(page, n) for n in (0, 1, 2)] == [0, 0, 0]
    expect(page.locator(".slider-list .slider:focus")).to_have_count(1)  # a button that is gone took it along

    slider(page, 0).press("End")
    page.locator(".example", has_text="Michael Jordan").click()
    expect(reset).not_to_be_visible()  # an example is met untouched
    assert [value(page, n) for n in (0, 1, 2)] == [0, 0, 0]


def choose_mode(page: Page, n: int, mode: str) -> Locator:
    row(page, n).locator(".more").click()
    how = row(page, n).locator(".how")
    how.locator(f"input[value={mode}]").check()
    return how


def test_another_mode_is_asked_for_while_the_popover_keeps_the_focus_and_gives_it_back(
    app: App, open_page: OpenPage
) -> None:
    page = answered(app, open_page)
    slider(page, 0).press("End")
    asked = requests_of(page)
    button = row(page, 0).locator(".more")
    button.press("Enter")
    how = row(page, 0).locator(".how")
    expect(how.locator("input[value=add]")).to_be_focused()
    values = "all => all.map(({ value }) => value)"
    assert how.locator("input[name$='-mode']").evaluate_all(values) == list(MODES)
    assert how.locator("select option").evaluate_all(values) == list(SCOPES)
    assert tuple(how.locator(".segmented label:visible input").evaluate_all(values)) == MODES["add"].units
    expect(how).to_contain_text(card_of(app)["directions"][0]["evidence"])
    page.keyboard.press("ArrowDown")
    expect(how.locator("input[value=clamp]")).to_be_focused()
    expect(how.get_by_text("× r̄")).not_to_be_visible()  # a unit of `add`
    how.get_by_label("Generated tokens too").check()
    expect(row(page, 0).locator(".value")).to_contain_text("clamp at rest")
    page.keyboard.press("Escape")
    expect(how).not_to_be_visible()
    expect(button).to_be_focused()
    wait_done(page)
    sweeps = [s for run in asked for s in run["sweeps"] if s["mode"] == "clamp" and s["generated"]]
    assert sweeps and sweeps[0]["unit"] == "activation"
    slider(page, 0).press("End")
    expect(slider(page, 0)).to_have_attribute("aria-valuetext", re.compile(r"^clamped to \d"))
    expect(row(page, 0).locator(".value")).to_contain_text(re.compile(r"clamped to .* measured at kin"))


def test_raw_strengths_are_the_same_pushes_in_another_unit(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page)
    row(page, 0).locator(".more").click()
    row(page, 0).locator(".how label", has_text="raw").click()
    page.keyboard.press("Escape")
    slider(page, 0).press("End")
    r = card_of(app)["residual_norm"][3]
    expect(row(page, 0).locator(".value")).to_contain_text(f"= {value(page, 0) / r:.2f} × r̄")
    assert value(page, 0) == pytest.approx(1.5 * r, rel=0.05)  # the grid is rounded to two digits


def test_a_swap_says_why_it_cannot_be_and_where_it_goes_once_it_can(app: App, open_page: OpenPage) -> None:
    known = card_of(app)["directions"][0]["target"]
    page = opened(app, open_page)
    row(page, 2).locator(".more").click()
    swap = row(page, 2).locator(".how .choice", has_text="swap")
    expect(swap.locator("input")).to_be_disabled()
    expect(swap).to_contain_text("Only a latent's value can be moved.")
    page.keyboard.press("Escape")
    row(page, 0).locator(".more").click()
    expect(row(page, 0).locator(".how")).to_contain_text("No other latent of this layer is watched or has a slider")
    page.keyboard.press("Escape")

    watch = json.dumps([known, known | {"latent": known["latent"] + 1}])
    page = opened(app, open_page, f"&watch={watch}")
    asked = requests_of(page)
    how = choose_mode(page, 0, "swap")
    expect(how.locator("select").first).to_have_value(re.compile(rf"#{known['latent'] + 1}"))
    page.keyboard.press("Escape")
    wait_done(page)
    to = [s["to"] for run in asked for s in run["sweeps"] if s["mode"] == "swap"]
    assert to and to[-1]["latent"] == known["latent"] + 1


def test_a_slider_can_be_taken_off_but_for_the_last(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page)
    n = page.locator(".direction").count()
    for left in range(n - 1, 0, -1):
        row(page, 0).locator(".more").click()
        row(page, 0).get_by_role("button", name="Remove this slider").click()
        expect(page.locator(".direction")).to_have_count(left)
        expect(page.locator(".direction.active input[type=range]")).to_be_focused()
    row(page, 0).locator(".more").click()
    expect(row(page, 0).get_by_role("button", name="Remove this slider")).to_be_disabled()


def test_adding_a_slider_opens_the_search(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page)
    page.get_by_role("button", name="Add a slider").click()
    expect(page.locator("#lookup")).to_be_visible()


@pytest.mark.parametrize("screen", ["wide", "phone"])
def test_a_push_too_far_says_so_and_moves_nothing_above_it(app: App, open_page: OpenPage, screen: str) -> None:
    page = opened(app, open_page, **(PHONE if screen == "phone" else {}))
    places = """() => ["#curve .plot", ".direction.active .track"].map((part) =>
      document.querySelector(part).getBoundingClientRect().top)"""
    active = page.locator(".direction.active")
    active.locator("input[type=range]").press("End")
    expect(active.locator(".told")).to_have_text("")
    before = page.evaluate(places)
    active.locator(".number").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(active.locator(".told")).to_contain_text("expect text far off distribution")
    assert active.locator(".told").bounding_box()["height"] > 10
    assert page.evaluate(places) == before
    assert no_sideways_scroll(page)


def test_on_a_phone_every_target_of_the_panel_is_44_px(app: App, open_page: OpenPage) -> None:
    page = opened(app, open_page, **PHONE)
    for _ in range(2):
        page.locator(".direction.active input[type=range]").press("ArrowRight")
    in_row = ", ".join(f".direction.active {part}" for part in (".number", ".more", ".slider"))
    for target in page.locator(f".tabs button, .slider-bar .button, {in_row}").all():
        assert target.bounding_box()["height"] >= 42, target.inner_text()  # tabs have a border of 1 px around them
    expect(page.locator(".tabs button[aria-pressed=true]")).to_contain_text(re.compile(r"\+0\.25"))
    page.locator(".direction.active .more").click()
    for choice in page.locator(".direction.active .how").locator(":is(.choice, select, .button):visible").all():
        box = choice.bounding_box()
        assert box["height"] >= 44
        assert box["x"] + box["width"] <= 390
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.locator(".how:popover-open")).to_have_count(0)
    page.locator("#beside-open").click()  # far below what it opens
    expect(page.locator("#beside input")).to_be_in_viewport(ratio=1)
    assert page.locator("#beside input").bounding_box()["width"] > 340
    assert no_sideways_scroll(page)


def test_a_recording_shows_only_what_it_has_and_what_it_held_all_along(
    app: App, app_without_worker: App, open_page: OpenPage
) -> None:
    card = card_of(app)
    known, unknown, third = card["directions"]
    steering = ("target", "unit", "scope")
    hold = {name: unknown[name] for name in steering} | {"strength": -0.125}
    sweeps = [{name: one[name] for name in (*steering, "strengths")} for one in (known, third)]
    request = {"kind": "generate", "model": card["id"], "prompt": BATKIN, "hold": [hold], "sweeps": sweeps}
    headers = app.ask("/api/runs", request | {"controls": {"n_directions": 0}})[1]
    asked = {"run_id": headers["X-Run-Id"], "title": "Held", "view": {"sweep": 0, "strength": known["strengths"][-1]}}
    slug = json.loads(app.ask("/api/findings", asked)[0])["finding"]["slug"]
    page = open_page(f"{app.url}/f/{slug}")
    held = page.locator("#sliders .direction-head", has_text="held at")
    expect(held).to_have_count(1)
    expect(held).to_contain_text(re.compile(r"Unknown entity.*held at −0\.125 × r̄"))
    expect(page.locator(".direction")).to_have_count(2)
    assert value(page, 0) == known["strengths"][-1]
    assert page.locator(".direction button").count() == 0  # no options, no entry, no card
    slider(page, 1).press("ArrowRight")
    assert value(page, 0) == 0 and value(page, 1) in third["strengths"]
    slider(page, 1).press("Shift+ArrowRight")
    assert value(page, 1) in third["strengths"]
    # Without the model's card nobody can say what was validated, so nothing is said to be too far.
    alone = open_page(f"{app_without_worker.url}/f/{slug}")
    expect(row(alone, 0).locator(".value")).to_contain_text("measured at")
    expect(row(alone, 0).locator(".told")).to_have_text("")
