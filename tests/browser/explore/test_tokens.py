"""Tokens, prompt and answer: what is read at them, what a press on them does, and the map of them."""

import base64
import json
import math
import re
import struct
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ASKED, BATKIN, App, OpenPage, ask, laid_out, no_sideways_scroll, wait_done
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")
A_WHOLE_RUN = re.compile(r"/api/runs\?page=\w+-main")
# A view over a recording of its own, on a page that has none.
ALONE = """async ({ lines, sees }) => {
  const [{ channels }, { tokenStrip }, { newRun, reduce }] = await Promise.all(
    ["core/store", "run/tokens/tokens", "run/run"].map((name) => import(`/static/${name}.js`)));
  const frames = lines.map((line) => JSON.parse(line));
  const run = frames.reduce(reduce, newRun(frames[0].request));
  window.state = channels({ run, card: null, steer: { sweep: null, strength: 0 }, colour: 0, hover: null, ...sees });
  const alone = document.createElement("section");
  alone.id = "alone";
  const main = document.querySelector("main");
  main.className = "explore";
  main.replaceChildren(alone);
  tokenStrip(alone, window.state);
}"""


@pytest.fixture
def page(explore: Page) -> Page:
    return explore


def token(page: Page, text: str) -> Locator:
    """The first token of the page with this text, its space left out."""
    return page.locator(
        "#tokens .cell", has=page.locator(".token", has_text=re.compile(f"^·?{re.escape(text)}$"))
    ).first


def texts(page: Page, which: str) -> list[str]:
    return page.locator(f"#tokens {which}").all_inner_texts()


def pick(page: Page, tool: str) -> None:
    page.locator("#tokens .tool-choice").get_by_text(tool, exact=True).click()


def push(page: Page, key: str = "End") -> None:
    """The first slider to one of its ends."""
    slider = page.locator(".direction input[type=range], .direction input").first
    slider.focus()
    slider.press(key)
    expect(page.locator("#tokens .steered")).not_to_have_count(0)


def asked_by(page: Page, press: Any) -> dict[str, Any]:
    """The whole request that a press leads to."""
    with page.expect_request(lambda request: bool(A_WHOLE_RUN.search(request.url))) as found:
        press()
    return json.loads(found.value.post_data)


def frames_of(app: App, **more: object) -> list[dict[str, Any]]:
    card = json.loads(app.ask("/api/models")[0])["models"][0]
    request = {"kind": "generate", "model": card["id"], "prompt": BATKIN, "controls": {"n_directions": 0}}
    return [json.loads(line) for line in app.ask("/api/runs", request | more)[0].splitlines()]


def known_sweep(app: App) -> dict[str, Any]:
    known = json.loads(app.ask("/api/models")[0])["models"][0]["directions"][0]
    return {name: known[name] for name in ("target", "unit", "scope", "strengths")}


def table(page: Page, part: str) -> list[list[str]]:
    """Head and rows of the table behind, opened if it is not yet."""
    button = page.locator(part).get_by_role("button", name="Table")
    if button.get_attribute("aria-expanded") == "false":
        button.click()
    return page.locator(f"{part} .behind tr").evaluate_all("rows => rows.map(r => [...r.cells].map(c => c.innerText))")


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").replace("+", ""))


# ---- the row


def test_the_answer_stands_after_the_prompt_and_changes_with_the_slider(page: Page) -> None:
    baseline = "".join(texts(page, ".cell-answer .token"))
    assert baseline.endswith("⟨end⟩")
    assert baseline.removesuffix("⟨end⟩").replace("·", " ") == page.locator(".answer-text").first.inner_text()
    push(page)
    steered = "".join(texts(page, ".cell-answer .token")).removesuffix("⟨end⟩")
    assert steered.replace("·", " ") == page.locator(".answer-text").nth(1).inner_text() != baseline


def test_an_answers_token_reads_its_own_numbers_after_a_prompt_of_another_length(page: Page) -> None:
    page.locator("#tokens .cell-answer .token").nth(1).click()
    for other in ("What sport does Eusebio play?", f"Please say it now: {BATKIN}"):
        ask(page, other)
        expect(page.locator("#tokens .selected")).to_have_count(0)  # one of another prompt is not chosen in this one
        for nth in (1, -1):
            pressed = page.locator("#tokens .cell-answer .token").nth(nth)
            pressed.click()
            expect(page.locator("#tokens .selected .token")).to_have_text(pressed.inner_text())
            before = page.locator("#tokens .cell:not(.cell-answer)").count()
            before += nth if nth > 0 else len(texts(page, ".cell-answer")) - 1
            said = page.locator("#tokens .focus > p").first
            expect(said).to_have_text(f"{pressed.inner_text()} token {before} · answer")
            assert f"token {before}, answer" in pressed.get_attribute("aria-label")


def test_what_is_steered_is_bracketed_in_the_prompt_and_not_in_the_answer(page: Page) -> None:
    expect(page.locator("#tokens .steered")).to_have_count(0)
    push(page)
    assert texts(page, ".steered .token") == texts(page, ".in-entity .token") == ["·Michael", "·Bat", "kin"]


def test_generated_tokens_are_bracketed_where_they_are_steered_too(app: App, open_page: OpenPage) -> None:
    frames = frames_of(app, sweeps=[{**known_sweep(app), "strengths": [1.5], "generated": True}])
    page = open_page(app.url + "/nowhere", allow=(404,))
    page.evaluate(ALONE, {"lines": list(map(json.dumps, frames)), "sees": {"steer": {"sweep": 0, "strength": 1.5}}})
    answer = page.locator("#alone .cell-answer")
    assert answer.count() > 3 and page.locator("#alone .cell-answer.steered").count() == answer.count()
    page.evaluate("state.set('steer', { sweep: null, strength: 0 })")
    expect(page.locator("#alone .steered")).to_have_count(0)


def test_a_token_without_its_reading_yet_is_blank_and_never_zero(app: App, open_page: OpenPage) -> None:
    frames = frames_of(app)
    steps = [i for i, frame in enumerate(frames) if frame["kind"] == "step"]
    arrived = frames[: steps[3] + 1]
    page = open_page(app.url + "/nowhere", allow=(404,))
    page.evaluate(ALONE, {"lines": list(map(json.dumps, arrived)), "sees": {}})
    read, last = page.locator("#alone .cell-answer .token").nth(2), page.locator("#alone .cell-answer .token").nth(3)
    expect(page.locator("#alone .cell-answer")).to_have_count(4)
    assert re.search(r"token 22, answer, .*: \S+, n/a: it refuses$", read.get_attribute("aria-label"))
    assert last.get_attribute("aria-label").endswith("token 23, answer, n/a: it refuses")
    last.hover()
    assert set(page.locator("#alone .focus dd").all_inner_texts()) == {"–"}
    expect(page.locator("#alone .caret")).to_have_count(1)


def test_while_what_is_chosen_has_not_arrived_no_other_arms_tokens_are_shown(app: App, open_page: OpenPage) -> None:
    frames = frames_of(app, sweeps=[{**known_sweep(app), "strengths": [1.5]}])
    page = open_page(app.url + "/nowhere", allow=(404,))
    page.evaluate(ALONE, {"lines": list(map(json.dumps, frames)), "sees": {"steer": {"sweep": 0, "strength": 1.43}}})
    expect(page.locator("#alone .cell-answer")).to_have_count(0)
    expect(page.locator("#alone .caret")).to_have_count(1)
    assert page.locator("#alone .cell").evaluate_all("all => all.map(one => one.dataset.value).join('')") == ""
    assert page.locator("#alone .steered").count() == 3, "where it is pushed is known before what comes of it"


def test_a_drag_rewrites_only_tokens_that_changed(app: App, open_page: OpenPage) -> None:
    frames = frames_of(app, sweeps=[known_sweep(app)])
    page = open_page(app.url + "/nowhere", allow=(404,))
    page.evaluate(ALONE, {"lines": list(map(json.dumps, frames)), "sees": {"steer": {"sweep": 0, "strength": 1.5}}})
    changed = page.evaluate(
        """() => {
          const strip = document.querySelector("#alone .strip");
          const now = () => [...strip.querySelectorAll(".cell")].map((cell) => cell.outerHTML);
          const before = now();
          const watch = new MutationObserver(() => {});
          watch.observe(strip, { subtree: true, childList: true, attributes: true, characterData: true });
          state.set("steer", { sweep: 0, strength: 1.375 });
          const cells = new Set(watch.takeRecords().map(({ target }) => target.closest?.(".cell")));
          cells.delete(null);
          const after = now();
          return { touched: cells.size, differ: after.filter((html, i) => html !== before[i]).length };
        }"""
    )
    assert changed["touched"] == changed["differ"] > 0


def test_the_strip_keeps_its_height_from_before_the_tokens_to_after_the_answer(app: App, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    page.add_init_script(
        """addEventListener("DOMContentLoaded", () => {
          window.heights = new Set();
          new ResizeObserver(([{ contentRect }]) => window.heights.add(contentRect.height))
            .observe(document.getElementById("tokens"));
        });"""
    )
    page.goto(f"{app.url}/#prompt={BATKIN}")
    wait_done(page)
    push(page)
    push(page, "Home")
    assert len(page.evaluate("[...window.heights]")) == 1


def test_a_long_prompt_takes_three_rows_and_has_the_name_in_sight(app: App, open_page: OpenPage) -> None:
    long = "Tell me at last what I have asked so many of my friends who could never say. " * 2 + BATKIN
    for options in ({}, PHONE):
        page = open_page(f"{app.url}/#prompt={long}", **options)
        wait_done(page)
        strip = page.locator("#tokens .strip")
        assert strip.evaluate("e => e.scrollHeight > e.clientHeight")
        box, name = strip.bounding_box(), page.locator("#tokens .in-entity").last.bounding_box()
        assert box["height"] <= 3 * 54
        assert box["y"] <= name["y"] and name["y"] + name["height"] <= box["y"] + box["height"] + 1
        assert no_sideways_scroll(page)


# ---- one token in numbers


def test_the_readout_and_the_table_say_what_was_measured(app: App, page: Page) -> None:
    frames = frames_of(app, sweeps=[known_sweep(app)])
    prompt = next(frame for frame in frames if frame["kind"] == "prompt")
    odds = prompt["odds"][9]  # of token 10
    token(page, "kin").hover()
    focus = page.locator("#tokens .focus")
    expect(focus).to_contain_text("kin token 10 · last of the name")
    expect(focus).to_contain_text(f"p {100 * math.exp(odds['logprob']):.3g} %")
    expect(focus.locator(".focus-odds .term").first).to_have_attribute("data-term", "logprob")
    expect(focus).to_contain_text(f"log p {odds['logprob']:.3g} nats".replace("-", "−"))
    expect(focus).to_contain_text(f"entropy {odds['entropy_nats']:.3g} nats")
    unknown = prompt["arms"][0]["activations"][1]
    expect(focus.locator("dd").nth(1)).to_have_text(re.compile(f"^{unknown[10]:.3g}"))
    push(page)
    after = prompt["arms"][len(known_sweep(app)["strengths"])]["activations"][0][10]
    focus.hover()
    expect(focus.locator("dd").first).to_have_text(re.compile(f"^0 → {after:.3g}"))
    expect(focus).to_contain_text("baseline")  # whose odds a prompt token's are
    row = next(cells for cells in table(page, "#tokens") if cells[:2] == ["10", "kin"])
    assert row[2] == "last of the name" and row[3].startswith(f"0 → {after:.3g}")
    assert row[-4:] == [
        f"{100 * math.exp(odds['logprob']):.3g} %",
        f"{odds['logprob']:.3g}".replace("-", "−"),
        f"{odds['entropy_nats']:.3g}",
        "–",  # no risk of what was asked
    ]
    assert len(table(page, "#tokens")) - 1 == page.locator("#tokens .cell").count()


def test_a_rank_is_counted_among_all_active_latents_of_the_dictionary(app: App, page: Page) -> None:
    dictionary = "resid_post/layer_2_unknown"
    frames = frames_of(app, read=[{"dictionary": dictionary}])
    active: dict[int, float] = {}
    for frame in frames:
        if (
            frame["kind"] == "latents"
            and frame["arm"] == 0
            and frame["pos"] <= 10 < frame["pos"] + len(frame["counts"])
        ):
            data, first = base64.b64decode(frame["data"]), sum(frame["counts"][: 10 - frame["pos"]])
            n, here, width = sum(frame["counts"]), frame["counts"][10 - frame["pos"]], frame["index_bytes"]
            indices = struct.unpack_from("<" + "HI"[width == 4] * here, data, first * width)
            values = struct.unpack_from(f"<{here}f", data, n * width + 4 * first)
            active = dict(zip(indices, values, strict=True))
    rank = 1 + sum(value > active[1] for value in active.values())
    page.locator("#top").scroll_into_view_if_needed()  # it is what asks for the largest latents
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(rank, "th")
    readout = page.locator("#tokens .focus dd").nth(1)
    expect(readout).to_have_text(re.compile(rf" {rank}{suffix}$"))
    row = next(cells for cells in table(page, "#tokens") if cells[:2] == ["10", "kin"])
    assert row[4].endswith(f", {rank}{suffix}")


def test_a_pressed_token_stays_selected_and_a_second_press_lets_it_go(page: Page) -> None:
    does = token(page, "does").locator(".token")
    does.click()
    expect(does).to_have_attribute("aria-pressed", "true")
    page.mouse.move(5, 5)
    expect(page.locator("#tokens .focus b")).to_have_text("·does")
    expect(page).to_have_url(re.compile(r"token=7"))
    does.click()
    expect(does).to_have_attribute("aria-pressed", "false")
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    expect(page.locator("#tokens .focus b")).to_have_text("kin")


# ---- marking the name


def test_a_drag_over_tokens_marks_the_name_and_the_worker_can_have_it_back(page: Page) -> None:
    pick(page, "Mark name")
    expect(page.locator("#tokens .reading")).to_contain_text("“Michael Batkin”: a name of its world")
    start, end = token(page, "sport").bounding_box(), token(page, "Michael").bounding_box()

    def drag() -> None:
        page.mouse.move(start["x"] + 6, start["y"] + 30)
        page.mouse.down()
        page.mouse.move(end["x"] + 6, end["y"] + 30, steps=4)
        assert texts(page, ".marked .token") == ["·sport", "·does", "·Michael"]
        page.mouse.up()

    asked = asked_by(page, drag)
    assert BATKIN[asked["entity"]["start"] : asked["entity"]["end"]] == "sport does Michael"
    expect(page.locator("#tokens .reading")).to_contain_text("“sport does Michael”: you marked it")
    wait_done(page)
    assert texts(page, ".in-entity .token") == ["·sport", "·does", "·Michael"]
    page.get_by_role("button", name="Let it find the name").click()
    expect(page.locator("#tokens .reading")).to_contain_text("“Michael Batkin”: a name of its world")


def test_a_press_takes_the_name_inside_a_longer_one_in_either_prompt(app: App, open_page: OpenPage) -> None:
    prompt, beside = "Who was Florence Nightingale?", "What country is Maria Florence in?"
    page = open_page(f"{app.url}/#prompt={prompt}&beside={beside}")
    wait_done(page)
    assert texts(page, ".in-entity .token")[-1] == "ale"
    expect(page.locator("#outside")).to_be_hidden()  # it knows Florence, which may be meant
    first, second = page.locator("#tokens .reading"), page.locator("#beside .reading")
    expect(first).to_contain_text("“Florence Nightingale”: it has capitals")
    asked = asked_by(page, first.get_by_role("button", name="Florence").click)
    assert prompt[asked["entity"]["start"] : asked["entity"]["end"]] == "Florence"
    wait_done(page)
    assert texts(page, ".in-entity .token")[-1] == "ce"
    with page.expect_request(re.compile(r"/api/runs\?page=\w+-other")) as found:
        second.get_by_role("button", name="Florence").click()
    span = json.loads(found.value.post_data)["entity"]
    assert beside[span["start"] : span["end"]] == "Florence"
    expect(second).to_contain_text("“Florence”: you marked it")
    expect(page).to_have_url(re.compile("name=8-16.*beside-name=22-30"))

    # Beside a slip stands what the model is, and the name that was meant.
    ask(page, "What team does Micheal Jordan play for?")
    said = page.locator("#outside")
    expect(said).to_contain_text(re.compile(r"small model: it knows [\d,]+ names .*“Micheal Jordan” is none of them"))
    said.get_by_role("button", name="Michael Jordan").click()
    wait_done(page)
    expect(page.locator("#prompt")).to_have_value("What team does Michael Jordan play for?")
    expect(said).to_be_hidden()


def test_a_name_can_be_marked_with_the_keyboard_alone(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + ASKED)  # of its own: where a mark began is kept
    wait_done(page)
    pick(page, "Mark name")
    token(page, "Bat").locator(".token").focus()

    def extend() -> None:
        page.keyboard.down("Shift")
        page.keyboard.press("ArrowRight")
        page.keyboard.up("Shift")

    asked = asked_by(page, extend)
    assert BATKIN[asked["entity"]["start"] : asked["entity"]["end"]] == "Batkin"
    wait_done(page)
    focused = "document.activeElement.textContent"
    assert page.evaluate(focused) == "kin", "the focus stays where it was, though the run is another"
    asked = asked_by(page, lambda: (page.keyboard.press("ArrowRight"), page.keyboard.press("Enter")))
    assert BATKIN[asked["entity"]["start"] : asked["entity"]["end"]] == "play"
    asked = asked_by(page, lambda: token(page, "Michael").locator(".token").click(modifiers=["Shift"]))
    assert BATKIN[asked["entity"]["start"] : asked["entity"]["end"]] == "Michael Batkin play"


def test_only_what_was_typed_can_be_part_of_a_name(page: Page) -> None:
    pick(page, "Mark name")
    expect(token(page, "⟨turn⟩").locator(".token")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("#tokens .cell-answer .token").first).to_have_attribute("aria-disabled", "true")
    play, answer = token(page, "play").bounding_box(), page.locator("#tokens .cell-answer").first.bounding_box()

    def beyond_the_end() -> None:
        page.mouse.move(play["x"] + 6, play["y"] + 30)
        page.mouse.down()
        page.mouse.move(answer["x"] + 6, answer["y"] + 30, steps=4)
        page.mouse.up()

    asked = asked_by(page, beyond_the_end)
    assert BATKIN[asked["entity"]["start"] : asked["entity"]["end"]] == "play?"


# ---- choosing where to push


def test_pressed_tokens_are_where_the_active_slider_pushes(page: Page) -> None:
    pick(page, "Steer")
    expect(page.locator(".tool-said")).to_have_text("Known entity: the name's tokens")
    assert page.locator("#tokens .token[aria-pressed=true]").all_inner_texts() == ["·Michael", "·Bat", "kin"]
    expect(page.locator("#tokens .planned")).to_have_count(3)  # where it would push; nothing is pushed yet
    asked = asked_by(page, token(page, "play").locator(".token").click)
    sweep = next(sweep for sweep in asked["sweeps"] if sweep["scope"] == "positions")
    assert sweep["positions"] == [8, 9, 10, 11]
    expect(page.locator(".tool-said")).to_have_text("Known entity: 4 chosen tokens")
    wait_done(page)
    asked = asked_by(page, lambda: (token(page, "Bat").locator(".token").focus(), page.keyboard.press("Space")))
    assert next(sweep for sweep in asked["sweeps"] if sweep["scope"] == "positions")["positions"] == [8, 10, 11]
    wait_done(page)
    push(page)
    expect(page.locator("#tokens .planned")).to_have_count(0)
    assert texts(page, ".steered .token") == ["·Michael", "kin", "·play"]
    expect(page.locator("#tokens .steered-first")).to_have_count(2)
    page.get_by_role("button", name="Back to the name's tokens").click()
    wait_done(page)
    assert texts(page, ".steered .token") == ["·Michael", "·Bat", "kin"]


def test_bos_cannot_be_pushed_and_no_push_is_left_without_a_token(page: Page) -> None:
    pick(page, "Steer")
    bos = token(page, "⟨bos⟩").locator(".token")
    expect(bos).to_have_attribute("aria-disabled", "true")
    bos.click(force=True)  # as a finger would
    for name in ("Michael", "Bat"):
        token(page, name).locator(".token").click()
    expect(page.locator(".tool-said")).to_have_text("Known entity: 1 chosen token")
    token(page, "kin").locator(".token").click()
    expect(page.locator(".tool-said")).to_have_text("Known entity: the name's tokens")


# ---- a second prompt


def test_the_second_prompts_name_ends_under_the_firsts(app: App, open_page: OpenPage) -> None:
    for other in ("What sport does Michael Jordan play?", "Who is Lasith Weslund?", f"Please say it now: {BATKIN}"):
        page = open_page(f"{app.url}/#prompt={BATKIN}&beside={other}")
        wait_done(page)
        expect(page.locator("#beside .in-entity")).not_to_have_count(0)
        first, second = (page.locator(f"{part} .in-entity").last for part in ("#tokens", "#beside"))
        right = "e => e.getBoundingClientRect().right"
        expect(page.locator("#beside .cell-answer").first).to_be_attached()
        assert first.evaluate(right) == pytest.approx(second.evaluate(right), abs=1), other  # it scrolls by whole px
        assert page.locator("#beside .tool-choice, #beside .colours").count() == 0


def test_two_prompts_are_tinted_on_one_scale(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url + "/nowhere", allow=(404,))
    page.evaluate(ALONE, {"lines": list(map(json.dumps, frames_of(app))), "sees": {"colour": 1, "other": None}})
    tint = "getComputedStyle(document.querySelectorAll('#alone .in-entity')[2]).getPropertyValue('--v')"
    assert page.evaluate(tint) == "1.000"
    alone = number(page.locator("#alone .ramp-end").inner_text())
    page.evaluate(
        """() => {
          const { prompt, ...run } = state.get("run");
          const arms = prompt.arms.map((arm) => {
            return { ...arm, activations: arm.activations.map((all) => all.map((value) => 2 * value)) };
          });
          state.set("otherSteer", { sweep: null, strength: 0 });
          state.set("other", { ...run, prompt: { ...prompt, arms } });
        }"""
    )
    assert page.evaluate(tint) == "0.500"
    assert number(page.locator("#alone .ramp-end").inner_text()) == pytest.approx(2 * alone, rel=0.01)


# ---- the map


def to_the_map(page: Page, side: str | None = None) -> None:
    page.locator("#map").evaluate("e => e.scrollIntoView()")
    if side:
        page.locator("#map").get_by_text(side, exact=True).click()
    expect(page.locator("#map .heatmaplayer")).to_be_attached()
    laid_out(page, 300)  # it draws when the slider rests


def test_the_map_keeps_its_height_and_the_difference_is_what_is_steered_less_the_baseline(page: Page) -> None:
    to_the_map(page)
    height = page.locator("#map").bounding_box()["height"]
    push(page)
    to_the_map(page)
    expect(page.locator("#map .head-sides").first).to_contain_text("steered")
    assert page.locator("#map").bounding_box()["height"] == height
    both = table(page, "#map")
    to_the_map(page, "Difference")
    difference = table(page, "#map")
    assert [cell.rsplit(" ", 1)[1] for cell in difference[0][3:]] == ["difference", "difference"]
    for two, one in zip(both[1:21], difference[1:21], strict=True):
        for latent in range(2):
            before, after = number(two[3 + 2 * latent]), number(two[4 + 2 * latent])
            assert number(one[3 + latent]) == pytest.approx(after - before, abs=0.06)
    assert {cell for row in difference[21:] for cell in row[3:]} == {"–"}, "the answers differ from the first token on"
    expect(page.locator("#map .note").first).to_contain_text("(grey) to +")


def test_a_press_on_the_map_selects_the_token_of_its_column(page: Page) -> None:
    to_the_map(page)
    plot = page.locator("#map .map-plot")
    cells = page.locator("#map .heatmaplayer").bounding_box()
    n = page.locator("#tokens .cell").count() + 1  # and the empty column
    for column, name in ((10, "kin"), (21, "I")):
        x = cells["x"] + (column + 0.5) * cells["width"] / n - plot.bounding_box()["x"]
        plot.click(position={"x": x, "y": 80})
        expect(page.locator("#tokens .selected .token")).to_have_text(name)
    plot.click(position={"x": cells["x"] + 20.5 * cells["width"] / n - plot.bounding_box()["x"], "y": 80})
    expect(page.locator("#tokens .selected .token")).to_have_text("I")  # between prompt and answer is nothing


def test_a_watched_latent_opens_its_card_and_can_be_taken_off(page: Page) -> None:
    to_the_map(page)
    page.locator("#map .head-name").nth(1).click()
    expect(page).to_have_url(re.compile("latent=.*layer_2_unknown"))
    asked = asked_by(page, page.get_by_role("button", name="Take L3 #4 off").click)
    assert asked["watch"] == [{"kind": "latent", "dictionary": "resid_post/layer_2_unknown", "latent": 1}]
    wait_done(page)
    expect(page.locator("#map .head-name")).to_have_count(1)
    expect(page.locator("#map .head-off")).to_be_disabled()
    expect(page.locator("#tokens .strip")).to_have_attribute("data-role", "unknown")
    page.locator("#map").get_by_role("button", name="Watch a latent…").click()
    expect(page.locator("#lookup")).to_be_visible()


# ---- for everybody


def test_on_a_recording_tokens_can_be_read_but_nothing_is_asked(app: App, open_page: OpenPage) -> None:
    slug = app.save(BATKIN, "Read only", -1)["finding"]["slug"]
    page = open_page(f"{app.url}/f/{slug}")
    expect(page.locator("#tokens .cell-answer").first).to_be_attached()
    expect(page.locator("#tokens .tools")).to_be_hidden()
    token(page, "does").locator(".token").click()
    expect(page.locator("#tokens .focus b")).to_have_text("·does")
    to_the_map(page, "Steered")
    expect(page.locator("#map .head-off")).to_have_count(0)
    expect(page.locator("#map").get_by_role("button", name="Watch a latent…")).to_be_hidden()
