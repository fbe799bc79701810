"""Latents on Explore: the largest at a token, one by itself, and the dialog that finds one. Over the real worker with
the model that ships; only failures and hostile text are acted."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.active_latents import decoded
from tests.browser.conftest import BATKIN, App, OpenPage, no_sideways_scroll, wait_done
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")
HOSTILE = "<img src=x onerror=\"document.title='owned'\">"
REFUSAL = {"code": "busy", "asked": "You asked for a latent.", "allowed": "One at a time.", "change": "Wait a moment."}
FRAMES = "/api/models/*/latent?*"


@pytest.fixture(scope="module")
def card(app: App) -> dict[str, Any]:
    return json.loads(app.ask("/api/models")[0])["models"][0]


@pytest.fixture(scope="module")
def known(card: dict[str, Any]) -> dict[str, Any]:
    """The target of the first slider."""
    return card["directions"][0]["target"]


@pytest.fixture
def opened(app: App, open_page: OpenPage) -> Iterator[Page]:
    page = open_page(app.url)
    settle(page)
    yield page


def settle(page: Page) -> None:
    """Until the run is whole and the latents of every token are read."""
    wait_done(page)
    page.locator("#top").scroll_into_view_if_needed()
    expect(rows(page).first).to_be_visible()


def rows(page: Page) -> Locator:
    return page.locator("#top tbody tr")


def push(page: Page, key: str = "End") -> None:
    page.locator(".direction-known input[type=range]").first.press(key)


def asked_latents(page: Page) -> list[str]:
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url) if "/latent?" in request.url else None)
    return urls


def asked(card: dict[str, Any], read: list[dict[str, Any]], strength: float) -> dict[str, Any]:
    known = card["directions"][0]
    sweep = {name: known[name] for name in ("target", "unit", "scope")} | {"strengths": [strength]}
    return {"kind": "generate", "model": card["id"], "prompt": BATKIN, "sweeps": [sweep], "read": read, "watch": []}


def ask_frames(app: App, request: dict[str, Any]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in app.ask("/api/runs", request)[0].splitlines()]


def test_the_rows_are_the_largest_at_the_last_token_of_the_name_baseline_and_steered(
    app: App, opened: Page, card: dict[str, Any], known: dict[str, Any]
) -> None:
    most = card["directions"][0]["strengths"][-1]
    frames = ask_frames(app, asked(card, [{"dictionary": known["dictionary"]}], most))
    pos = next(frame for frame in frames if frame["kind"] == "start")["entity"]["end"] - 1
    base, steered = (dict(decoded(frames)[arm, known["dictionary"]][pos]) for arm in (0, 1))
    top = sorted(base, key=lambda latent: -base[latent])[:9]
    expect(rows(opened).locator(".top-open .mono")).to_have_text([f"#{latent}" for latent in top])
    expect(opened.locator("#top th.top-base")).to_have_text("activation")
    push(opened)
    expect(opened.locator("#top th.top-base")).to_have_text("base")
    both = {latent: max(base.get(latent, 0), steered.get(latent, 0)) for latent in base | steered}
    top = sorted(both, key=lambda latent: -both[latent])[:9]
    expect(rows(opened).locator(".top-open .mono")).to_have_text([f"#{latent}" for latent in top])
    first = rows(opened).filter(has=opened.get_by_text(f"#{known['latent']}", exact=True))
    expect(first).to_contain_text("known entity")
    shown = first.locator(".top-shown")
    expect(shown).not_to_have_text("…")
    assert float(shown.inner_text()) == pytest.approx(steered[known["latent"]], rel=5e-3)
    expect(opened.locator("#top .top-foot")).to_contain_text(re.compile(r"FVU on this prompt 0\.\d+ at L\d"))


def test_what_was_read_for_another_push_is_never_shown_as_this_one(opened: Page) -> None:
    push(opened)
    first = rows(opened).first
    expect(first.locator(".top-shown")).to_have_text(re.compile(r"\d"))
    name = first.locator(".top-open").inner_text()
    held: list[Route] = []
    opened.route("**/api/runs?*-look*", lambda route: held.append(route))
    with opened.expect_request(re.compile(r"/api/runs\?.*-look")):
        push(opened, "ArrowLeft")
    expect(first.locator(".top-shown")).to_have_text("…")
    expect(first.locator(".top-base")).to_have_text(re.compile(r"\d"))
    opened.wait_for_timeout(600)  # the question is on its way: the rows stay
    assert first.locator(".top-open").inner_text() == name
    assert first.locator(".top-shown").inner_text() == "…"
    assert len(held) == 1
    held[0].continue_()
    expect(first.locator(".top-shown")).to_have_text(re.compile(r"\d"))


def test_another_token_and_another_dictionary_have_their_own_rows(opened: Page) -> None:
    title = opened.locator("#top h2")
    expect(title).to_contain_text("kin")
    before = rows(opened).locator(".top-open").all_inner_texts()
    opened.get_by_role("group", name="Layer").get_by_text("L1", exact=True).click()
    expect(opened.locator("#top .top-foot")).to_contain_text("at L1")
    assert rows(opened).locator(".top-open").all_inner_texts() != before
    opened.locator("#tokens .token").nth(5).click()
    expect(title).not_to_contain_text("kin")


def test_a_pinned_latent_is_a_slider_and_a_watched_one_is_read_at_every_token(opened: Page) -> None:
    unnamed = rows(opened).filter(has_not=opened.locator("[class^=as-]")).first
    name = unnamed.locator(".top-open").inner_text()
    sliders = opened.locator("#sliders input[type=range]")
    n = sliders.count()
    unnamed.locator(".keep").first.click()
    expect(sliders).to_have_count(n + 1)
    expect(opened.locator("#sliders")).to_contain_text(name)
    wait_done(opened)
    watch = rows(opened).filter(has=opened.get_by_text(name, exact=True)).get_by_role("button", name="Watch")
    watch.press("Enter")
    expect(watch).to_have_attribute("aria-pressed", "true")
    expect(opened.locator("#tokens .colours")).to_contain_text(name)
    wait_done(opened)
    expect(watch).to_be_focused()
    watch.press("Enter")
    expect(opened.locator("#tokens .colours")).not_to_contain_text(name)


def test_the_card_says_what_the_worker_says_of_the_latent(
    app: App, opened: Page, card: dict[str, Any], known: dict[str, Any]
) -> None:
    query = f"dictionary={known['dictionary']}&latent={known['latent']}"
    facts = json.loads(app.ask(f"/api/models/{card['id']}/latent?{query}")[0])
    firing, lens = facts["firing"], facts["lens"]
    latent = opened.locator("#latent")
    latent.scroll_into_view_if_needed()
    expect(latent.get_by_role("heading", level=2)).to_have_text("Known entity")
    percent = 100 * firing["n_firing"] / firing["n_tokens"]
    said = latent.locator(".latent-numbers")
    expect(said).to_contain_text(re.compile(rf"Fires on {percent:#.3g} % of {firing['n_tokens']:,} tokens"))
    expect(said).to_contain_text(f"‖d‖ {lens['norm']:#.3g}")
    expect(said).to_contain_text(re.compile(r"FVU here 0\.\d+"))
    towards = latent.locator(".lens-list").first.locator(".lens-number")
    expect(towards).to_have_text([f"+{token['logit']:#.3g}" for token in lens["promoted"]])
    peaks = latent.locator(".snippet-value")
    expect(peaks).to_have_text([f"{one['activations'][one['peak']]:#.3g}" for one in firing["snippets"]])
    for names in firing["names"]:
        fires = [sum(value > 0 for value in names[tier]) / len(names[tier]) for tier in ("known", "unknown")]
        of_type = latent.locator(".separation dd", has_text=names["entity_type"])
        expect(of_type.locator("b")).to_have_text(f"+{fires[0] - fires[1]:.2f}")
        expect(of_type).to_contain_text(f"N {len(names['known'])} + {len(names['unknown'])}")
    latent.locator(".latent-histogram").get_by_role("button", name="Table").click()
    table = latent.get_by_role("table", name="Names by activation at their last token")
    shares = [float(cell.rstrip(" %")) for cell in table.locator("tbody td:nth-child(2)").all_inner_texts()]
    assert sum(shares) == pytest.approx(100, abs=0.5)
    assert latent.get_by_role("link", name="Neuronpedia").count() == 0, "the shipped model's latents have no page there"


def test_the_values_along_the_prompt_follow_the_slider(opened: Page, known: dict[str, Any]) -> None:
    part = opened.locator(".latent-along")
    part.scroll_into_view_if_needed()
    part.get_by_role("button", name="Table").click()
    heads = part.get_by_role("columnheader")
    expect(heads).to_have_text(["#", "token", "baseline"])
    push(opened)
    expect(heads).to_have_text(["#", "token", "baseline", "steered"])
    row = part.get_by_role("row").filter(has_text="kin")
    strip = opened.locator("#tokens .in-entity").last
    steered = row.get_by_role("cell").last
    opened.locator("#tokens .colours input").first.check()
    expect(strip).to_have_attribute("data-value", steered.inner_text())
    assert float(steered.inner_text()) > 0


def test_a_row_opens_the_card_and_coming_back_to_it_asks_nobody(opened: Page) -> None:
    urls = asked_latents(opened)
    heading = opened.locator("#latent .latent-title .mono")
    title = opened.locator("#latent .latent-numbers")
    for name in ("second", "third", "second"):
        row = rows(opened).nth({"second": 1, "third": 2}[name])
        row.locator(".top-open").click()
        expect(row).to_have_class(re.compile("now"))
        expect(heading).to_contain_text(row.locator(".top-open .mono").inner_text())
        expect(title).to_contain_text("of the sample")
    assert len(urls) == len(set(urls)) == 2
    expect(opened).to_have_url(re.compile("latent="))


def test_a_newer_choice_leaves_the_older_question_and_its_late_answer_is_not_shown(opened: Page) -> None:
    numbers = opened.locator("#latent .latent-numbers")
    expect(numbers).to_contain_text("of the sample")
    # The first question hangs, deaf to being left, until the test answers it.
    opened.evaluate(
        """() => {
          const real = window.fetch;
          window.left = [];
          window.fetch = (url, options) => {
            if (!url.includes("/latent?")) return real(url, options);
            options.signal.addEventListener("abort", () => window.left.push(url));
            if (window.slow) return real(url, options);
            window.slow = url;
            return new Promise((resolve) => (window.answerLate = () => resolve(real(url))));
          };
        }"""
    )
    rows(opened).nth(1).locator(".top-open").click()
    expect(numbers).to_contain_text("not read yet")
    rows(opened).nth(2).locator(".top-open").click()
    expect(numbers).to_contain_text("of the sample")
    said = numbers.inner_text()
    assert opened.evaluate("window.left[0] === window.slow && window.left.length === 1")
    with opened.expect_response(lambda response: "/latent?" in response.url):
        opened.evaluate("window.answerLate()")
    opened.wait_for_timeout(300)
    assert numbers.inner_text() == said


def test_a_refused_question_says_what_to_do_and_can_be_asked_again(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, allow=(503,))
    page.route(f"**{FRAMES}", lambda route: route.fulfill(status=503, json={"refusal": REFUSAL}))
    settle(page)
    problem = page.locator("#latent .latent-problem")
    for part in ("asked", "allowed", "change"):
        expect(problem).to_contain_text(REFUSAL[part])
    expect(page.locator(".along li").first).to_be_visible()
    page.unroute(f"**{FRAMES}")
    problem.get_by_role("button", name="Ask again").click()
    expect(page.locator("#latent .latent-numbers")).to_contain_text("of the sample")
    expect(problem).to_be_empty()


def test_hostile_text_in_the_sample_and_the_lens_is_text(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)

    def hostile(route: Route) -> None:
        facts = route.fetch().json()
        facts["firing"]["snippets"][0] |= {"texts": [HOSTILE], "activations": [3.0], "peak": 0}
        facts["firing"]["names"][0]["entity_type"] = HOSTILE
        facts["lens"]["promoted"][0]["text"] = HOSTILE
        route.fulfill(json=facts)

    page.route(f"**{FRAMES}", hostile)
    settle(page)
    expect(page.locator(".snippet").first).to_contain_text("onerror")
    expect(page.locator(".separation")).to_contain_text("onerror")
    assert page.locator("#latent img").count() == 0 and "owned" not in page.title()


def test_a_link_to_neuronpedia_is_there_where_the_dictionary_has_a_page(app: App, open_page: OpenPage) -> None:
    page = open_page("about:blank")

    def with_a_page(route: Route) -> None:
        body = route.fetch().json()
        for dictionary in body["models"][0]["dictionaries"]:
            dictionary["neuronpedia"] = "gemma-2-2b/12-gemmascope-res-16k"
        route.fulfill(json=body)

    page.route("**/api/models", with_a_page)
    page.goto(app.url)
    settle(page)
    link = page.locator("#latent").get_by_role("link", name="Neuronpedia (new tab)")
    expect(link).to_have_attribute(
        "href", re.compile(r"^https://www\.neuronpedia\.org/gemma-2-2b/12-gemmascope-res-16k/\d+$")
    )
    expect(link).to_have_attribute("rel", "noopener")


def test_a_named_direction_says_how_it_was_made_and_asks_the_worker_nothing(opened: Page, card: dict[str, Any]) -> None:
    expect(opened.locator("#latent .latent-numbers")).to_contain_text("of the sample")
    urls = asked_latents(opened)
    i = next(i for i, one in enumerate(card["directions"]) if one["target"]["kind"] == "vector")
    opened.locator("#sliders input[type=range]").nth(i).press("ArrowRight")
    vector = next(one for one in card["vectors"] if one["name"] == card["directions"][i]["target"]["name"])
    expect(opened.locator("#latent")).to_contain_text(vector["made_by"])
    expect(opened.locator("#latent .latent-part")).to_have_count(0)
    assert urls == []


def lookup(page: Page, query: str = "") -> Locator:
    page.get_by_role("button", name="Add a slider").click()
    page.get_by_role("combobox", name="A word that it writes or fires on").fill(query)
    return page.get_by_role("listbox").get_by_role("option")


def test_a_latent_is_found_by_index_role_or_name_and_pinned_by_keyboard(
    opened: Page, card: dict[str, Any], known: dict[str, Any]
) -> None:
    found = lookup(opened)
    box = opened.get_by_role("combobox")
    expect(box).to_be_focused()
    assert found.count() >= len(card["directions"]) + len(card["more_directions"])
    box.fill("unknown ent")
    expect(found).to_have_count(1)
    expect(found).to_contain_text("Unknown entity")
    box.fill("L3 #9")
    of_layer = [dictionary for dictionary in card["dictionaries"] if dictionary["layer"] == 3]
    expect(found).to_have_count(len(of_layer))
    box.fill("9")
    expect(found).to_have_count(len(card["dictionaries"]))
    box.fill("3/99999")
    expect(found).to_have_count(0)
    expect(opened.locator("#lookup [role=status]")).to_contain_text("Use an index from 0 to 513")
    box.fill("zqxj")
    said = "No token says “zqxj”, so nothing writes it at once. The sample of text nowhere says “zqxj”. Give an index"
    expect(opened.locator("#lookup [role=status]")).to_contain_text(said)
    box.fill("Sóccer")
    expect(found.first).to_contain_text("writes “soccer” before all other tokens")
    expect(found.last).to_contain_text(
        re.compile(r"fires at \d+ of 16 places that say “soccer”, and on [\d,]+ other t")
    )
    box.fill("3/9")
    active = "document.getElementById(document.activeElement.getAttribute('aria-activedescendant')).textContent"
    first = opened.evaluate(active)
    box.press("ArrowDown")
    assert opened.evaluate(active) != first
    box.press("ArrowUp")
    assert opened.evaluate(active) == first
    n = opened.locator("#sliders input[type=range]").count()
    box.press("Enter")
    expect(opened.locator("#lookup")).to_be_hidden()
    expect(opened.locator("#sliders input[type=range]")).to_have_count(n + 1)
    expect(opened.locator("#sliders")).to_contain_text("L3 #9")


def test_escape_leaves_the_dialog_with_nothing_changed_and_the_focus_where_it_was(opened: Page) -> None:
    n = opened.locator("#sliders input[type=range]").count()
    lookup(opened)
    opened.keyboard.press("Escape")
    expect(opened.locator("#lookup")).to_be_hidden()
    expect(opened.get_by_role("button", name="Add a slider")).to_be_focused()
    expect(opened.locator("#sliders input[type=range]")).to_have_count(n)
    lookup(opened)
    expect(opened.locator("#lookup")).to_be_visible()


def test_no_more_than_eight_sliders_and_the_dialog_says_so(opened: Page, card: dict[str, Any]) -> None:
    sliders = opened.locator("#sliders input[type=range]")
    for latent in range(20, 20 + 8 - len(card["directions"])):
        lookup(opened, f"3/{latent}")
        opened.keyboard.press("Enter")
    expect(sliders).to_have_count(8)
    lookup(opened, "3/50")
    expect(opened.locator("#lookup [role=status]")).to_have_text("8 sliders are the most. Remove one first.")
    opened.keyboard.press("Enter")
    expect(opened.locator("#lookup")).to_be_visible()
    expect(sliders).to_have_count(8)


def test_a_latent_that_was_looked_up_is_watched_and_directions_are_no_choice_for_that(
    opened: Page, card: dict[str, Any]
) -> None:
    opened.get_by_role("button", name="Watch a latent").click()
    options = opened.get_by_role("listbox").get_by_role("option")
    expect(options.first).to_be_visible()
    vectors = [one["label"] for one in card["directions"] if one["target"]["kind"] == "vector"]
    for label in vectors:
        expect(options.filter(has_text=label)).to_have_count(0)
    opened.get_by_role("combobox").fill("L1 #7")
    opened.get_by_role("option").click()
    expect(opened.locator("#tokens .colours")).to_contain_text("L1 #7")


def test_on_a_phone_nothing_scrolls_sideways_and_every_target_is_44_px(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, **PHONE)
    settle(page)
    expect(page.locator("#latent .latent-numbers")).to_contain_text("of the sample", timeout=30_000)
    assert no_sideways_scroll(page)
    for button in page.locator("#top button, #latent button").all():
        box = button.bounding_box()
        assert box["height"] >= 44, button.inner_text()
    rows(page).nth(3).locator(".top-open").click()
    expect(page.locator("#latent .latent-title")).to_be_in_viewport()
    rows(page).nth(3).locator(".keep").first.click()
    assert no_sideways_scroll(page)


def test_a_worker_that_is_not_there_is_asked_nothing_and_the_parts_say_so(
    app_without_worker: App, open_page: OpenPage
) -> None:
    page = open_page(app_without_worker.url, allow=(503,))
    urls = asked_latents(page)
    page.locator("#latent").scroll_into_view_if_needed()
    expect(page.locator("#top .top-body")).to_contain_text(re.compile(r"\w"))
    expect(page.locator("#latent")).to_contain_text(re.compile(r"\w"))
    assert urls == []
