"""What the model says and how often: answers, claim, control, first token, samples, sharing.

Views that need a run of their own are mounted on an empty page, over channels as Explore has them and frames that
the real worker sent; the rest is tried on Explore itself.
"""

import json
import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, share, steered_badge, wait_done, wait_until

pytestmark = pytest.mark.usefixtures("kept_runs")

HOSTILE = """<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"""
KNOWN, UNKNOWN = ("resid_post/layer_3_known", 4), ("resid_post/layer_2_unknown", 1)
# Mounts views over { request, frames } and keeps state and modules at hand as window.bench.
MOUNT = """
async ({ request, frames, views, card, values }) => {
  const load = (path) => import(`/static/${path}.js`);
  const { channels } = await load("core/store");
  const { newRun, reduce } = await load("run/run");
  const { slidersOfRequest } = await load("run/steering/sliders");
  const { followSliders } = await load("run/recording");
  const fold = (list, asked = request) => list.reduce(reduce, newRun(asked));
  const found = slidersOfRequest(request, card);
  const state = channels({
    health: { worker: "ready", ready: true }, card, run: fold(frames), steer: { sweep: null, strength: 0 }, sweep: 0,
    live: true, sliders: found.sliders, values: values ?? found.values, active: 0,
    wantRandom: null, random: null, sampling: null, samples: null,
  });
  followSliders(state);
  const explore = new DOMParser().parseFromString(await (await fetch("/")).text(), "text/html");
  const sheets = [...explore.querySelectorAll("link[rel=stylesheet]")].map((link) => link.getAttribute("href"));
  await Promise.all(sheets.map((href) => new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href, onload: done });
    document.head.append(link);
  })));
  document.body.className = "";
  const main = document.createElement("main");
  main.className = "explore";
  const result = document.createElement("section");
  result.className = "result";
  result.style.setProperty("width", "800px");
  main.append(result);
  document.body.replaceChildren(main);
  for (const [id, [path, name]] of Object.entries(views)) {
    const element = document.createElement("div");
    element.id = id;
    result.append(element);
    (await load(`run/${path}`))[name](element, state);
  }
  window.bench = { state, fold, frames };
}
"""
ANSWERS = {"answers": ["answers/answers", "answers"], "pushes": ["curve/random_pushes", "randomPushes"]}


def latent(dictionary: str, number: int) -> dict[str, Any]:
    return {"kind": "latent", "dictionary": dictionary, "latent": number}


def card(app: App) -> dict[str, Any]:
    return json.loads(app.ask("/api/models")[0])["models"][0]


def steering(app: App, direction: int, **more: Any) -> dict[str, Any]:
    """A direction of the card as a request spells it, with what differs."""
    known = card(app)["directions"][direction]
    return {name: known[name] for name in ("target", "unit", "scope")} | more


def asked(app: App, *sweeps: dict[str, Any], **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A request for Batkin, and the frames that answer it."""
    request = {"kind": "generate", "model": card(app)["id"], "prompt": BATKIN, "sweeps": sweeps}
    request = request | {"controls": {"n_directions": 4}, "hold": [], "max_new_tokens": 32} | more
    return request, [json.loads(line) for line in app.ask("/api/runs", request)[0].splitlines()]


def mounted(app: App, open_page: OpenPage, request: object, frames: object, views: object, **more: object) -> Page:
    page = open_page(f"{app.url}/nowhere", allow=(404,))  # no page has less on it
    page.evaluate(MOUNT, {"request": request, "frames": frames, "views": views, "card": card(app), **more})
    return page


def push(page: Page, strength: float | None, slider: int = 0) -> None:
    page.evaluate(
        "([i, x]) => bench.state.set('values', bench.state.get('values').map((v, j) => j === i ? x : v))",
        [slider, strength],
    )


def answer_text(page: Page, place: int) -> str:
    return page.locator(".answer-text").nth(place).text_content().strip()


def test_what_is_chosen_and_not_here_is_a_caret_never_another_arms_text(app: App, open_page: OpenPage) -> None:
    request, frames = asked(app, steering(app, 0, strengths=[1.25, 1.5]))
    page = mounted(app, open_page, request, frames, ANSWERS)
    push(page, 1.25)
    pushed = answer_text(page, 1)
    assert pushed and pushed != answer_text(page, 0)
    expect(page.locator(".answer").nth(1).locator(".strength")).to_have_text("+1.25")
    expect(page.locator(".answer").nth(1).locator(".badge")).to_contain_text("Invents")
    push(page, 1.3125)
    assert answer_text(page, 1) == ""
    expect(page.locator(".answer").nth(1).locator(".caret")).to_be_attached()
    expect(page.locator(".answer").nth(1).locator(".badge")).to_have_count(0)
    expect(page.locator(".answer").nth(1).locator(".strength")).to_have_text("+1.3125")
    page.evaluate("bench.state.set('live', false), bench.state.set('run', { ...bench.state.get('run') })")
    assert answer_text(page, 1) == ""
    expect(page.locator(".answer").nth(1).locator(".caret")).to_have_count(0)
    push(page, None)
    expect(page.locator(".answer").nth(1)).to_contain_text("not pushed")
    assert answer_text(page, 0) not in answer_text(page, 1), "what nothing was done to does not stand twice"


@pytest.mark.parametrize("three", [False, True])
def test_nothing_moves_while_answers_stream_in_however_long_they_get(
    app: App, open_page: OpenPage, three: bool
) -> None:
    request, frames = asked(app, steering(app, 0, strengths=[1.25]), max_new_tokens=128)
    page = mounted(app, open_page, request, frames[:2], ANSWERS)
    push(page, 1.25)
    if three:
        page.evaluate("bench.state.set('wantRandom', { index: 2 })")
    page.evaluate(
        """async () => {
          for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame);
          window.moved = [];
          const named = ({ node }) => node?.className ?? node?.nodeName;
          new PerformanceObserver((list) => list.getEntries().forEach((e) => moved.push(e.sources.map(named))))
            .observe({ type: "layout-shift" });
        }"""
    )
    places = """[...document.querySelectorAll(".answer-box, .token-box, #pushes")]
      .map((element) => JSON.stringify(element.getBoundingClientRect()))"""
    before = page.evaluate(places)
    page.evaluate(
        """async () => {
          const frames = bench.frames.slice(0, 2);
          for (let step = 0; step < 128; step++) {
            const tokens = [0, 1].map((arm) => ({ arm, sample: 0, id: 7, text: " whatever", logprob: -1 }));
            frames.push({ kind: "step", readings: [], tokens });
            bench.state.set("run", bench.fold(frames));
            if (step % 8 === 0) await new Promise(requestAnimationFrame);
          }
        }"""
    )
    assert page.evaluate(places) == before
    assert page.evaluate("moved") == []
    box = page.locator(".answer-box").nth(1)
    expect(box).to_have_attribute("tabindex", "0")
    assert box.evaluate("box => box.scrollTop") > 0, "the newest words are in sight"
    expect(page.locator(".answer-box[tabindex]")).to_have_count(2)
    tops = "[...document.querySelectorAll('.answer-box[tabindex]')].map(({ scrollTop }) => scrollTop)"
    box.evaluate("box => (box.scrollTop = 40)")
    wait_until(page, f"{tops}.every((top) => top === 40)")  # one reads on in both


def test_text_that_wants_to_be_markup_stays_text_with_its_marks(app: App, open_page: OpenPage) -> None:
    request, frames = asked(app, steering(app, 0, strengths=[1.25]))
    for frame in frames:
        if frame["kind"] == "verdict":
            frame["text"] = f"{HOSTILE} {frame['arm']}"
            frame["phrase"] = "<script>"
    views = ANSWERS | {"claim": ["answers/claim", "claimLine"], "first": ["curve/first_tokens", "firstTokens"]}
    page = mounted(app, open_page, request, frames, views)
    push(page, 1.25)
    assert answer_text(page, 1) == f"{HOSTILE} 1"
    expect(page.locator(".answer").nth(1).locator(".different")).to_have_text("1")
    assert page.locator("main img, main script").count() == 0
    assert page.title() != "owned"


def test_a_random_directions_answer_is_the_one_its_own_run_gives(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url)
    wait_done(page)
    page.locator("#sliders input[type=range]").first.focus()
    page.keyboard.press("End")
    page.get_by_role("button", name="Show a random control's answer").click()
    third = page.locator(".answer").nth(2)
    expect(third.locator(".badge")).to_be_visible()
    marks = page.locator(".pushes > span[title]")
    while "shown" not in (marks.last.get_attribute("class") or ""):
        page.get_by_role("button", name="Next random direction").click()
    expect(third).to_contain_text("direction no. 32 of 32")
    page.get_by_role("button", name="Next random direction").click()
    page.get_by_role("button", name="Next random direction").click()
    expect(third).to_contain_text("direction no. 2 of 32")
    expect(marks.nth(1)).to_have_class(re.compile("shown"))
    expect(third.locator(".badge")).to_be_visible()
    known = card(app)["directions"][0]
    index = int(re.search(r"direction (\d+)", marks.nth(1).get_attribute("title"))[1]) - 1
    random = {"kind": "random", "like": known["target"], "seed": 0, "index": index}
    _, frames = asked(app, steering(app, 0, target=random, strengths=[known["strengths"][-1]]))
    said = next(frame["text"] for frame in frames if frame["kind"] == "verdict" and frame["arm"] == 1)
    expect(third.locator(".answer-text")).to_have_text(said)
    expect(page.locator(".pushes .shown")).to_have_attribute("title", re.compile("^no. 2, "))
    page.get_by_role("button", name="Close the random answer").click()
    expect(page.locator(".answer")).to_have_count(2)


READ_BACK = r"read back as [\d.]+ to [\d.]+"
MODES = [
    (KNOWN, {"unit": "residual_norm"}, 1.25, r"At \+1\.25 it stops refusing and invents a fact\."),
    (KNOWN, {"mode": "add", "unit": "raw"}, 55.0, r"At \+55 raw it stops refusing and invents a fact\."),
    (KNOWN, {"mode": "clamp"}, 12.0, rf"Clamped to 12, {READ_BACK}, it "),
    (KNOWN, {"mode": "project_out"}, 0.5, "50 % projected out, it "),
    # What takes in proportion needs a latent that fires on this name; the other one is silent here.
    (UNKNOWN, {"mode": "scale"}, 2.0, rf"Scaled ×2, {READ_BACK}, it "),
    (UNKNOWN, {"mode": "ablate"}, 1.0, rf"100 % ablated, {READ_BACK}, it "),
    (UNKNOWN, {"mode": "swap", "to": latent(UNKNOWN[0], 5)}, 0.5, r"50 % swapped into L2 #5, it "),
]


@pytest.mark.parametrize(("pushed", "mode", "strength", "said"), MODES)
def test_the_claim_says_a_push_in_its_modes_words(
    app: App, open_page: OpenPage, pushed: tuple[str, int], mode: dict[str, Any], strength: float, said: str
) -> None:
    sweep = {"target": latent(*pushed), "scope": "entity", **mode}
    request, frames = asked(app, sweep | {"strengths": [strength]})
    page = mounted(app, open_page, request, frames, {"claim": ["answers/claim", "claimLine"]})
    push(page, strength)
    expect(page.locator("#claim p").first).to_contain_text(re.compile(said))
    expect(page.locator("#claim p").first).to_contain_text("4 random pushes of that size")


def test_the_claim_names_what_is_held_and_controls_are_not_made_up_for_it(app: App, open_page: OpenPage) -> None:
    hold = [steering(app, 1, strength=-0.25)]
    request, frames = asked(app, steering(app, 0, strengths=[1.25]), hold=hold)
    page = mounted(app, open_page, request, frames, {"claim": ["answers/claim", "claimLine"], **ANSWERS})
    claim = page.locator("#claim p").first
    expect(claim).to_contain_text("With Unknown entity held at −0.25, it ")
    expect(claim).to_contain_text("No control was run for what is held alone.")
    expect(page.locator(".answer").nth(1).locator(".strength")).to_have_text("1 held")
    push(page, 1.25)
    expect(claim).to_contain_text("At +1.25, with Unknown entity held at −0.25, it stops refusing and invents a fact.")
    expect(claim).to_contain_text(re.compile(r"(None|All|\d)( of)? 4 random pushes of that size"))
    expect(page.locator(".answer").nth(1).locator(".strength")).to_have_text("+1.25 + 1 held")


def test_the_first_token_bar_stands_where_its_log_odds_are(app: App, open_page: OpenPage) -> None:
    request, frames = asked(app, steering(app, 0, strengths=[1.25]))
    page = mounted(app, open_page, request, frames, {"first": ["curve/first_tokens", "firstTokens"], **ANSWERS})
    push(page, 1.25)
    prompt = next(frame for frame in frames if frame["kind"] == "prompt")
    before, after = (arm["refusal_logodds"] for arm in prompt["arms"])
    control = next(frame for frame in frames if frame["kind"] == "control")["refusal_logodds"]
    bar = page.locator(".balance .scale")
    expect(bar).not_to_have_css("width", "0px")  # its stylesheet is there
    axis = bar.bounding_box()

    def value(mark: str) -> float:
        """Of a mark, by where it is on the axis, as a share of the half axis."""
        box = bar.locator(mark).bounding_box()
        return (box["x"] + box["width"] / 2 - axis["x"]) / axis["width"] * 2 - 1

    most = abs(before) / abs(value(".ring"))
    assert value(".ring") > 0 > value(".disc"), "a refusal is right of the middle, an answer left of it"
    assert value(".disc") * most == pytest.approx(after, abs=0.1)
    assert value(".mean") * most == pytest.approx(sum(control) / 4, abs=0.1)
    page.locator("#first").get_by_role("button", name="Table").click()
    row = page.locator("#first tbody tr").first
    expect(row).to_contain_text(f"+{before:.2f}")
    expect(row).to_contain_text(f"−{-after:.2f}")
    expect(page.locator("#pushes")).to_contain_text("N 4, seed 0")


def pushed_to_the_end(app: App, open_page: OpenPage) -> tuple[Page, Locator]:
    """Explore, and its first slider."""
    page = open_page(app.url)
    wait_done(page)
    slider = page.locator("#sliders input[type=range]").first
    slider.focus()
    slider.press("End")
    return page, slider


def test_rates_count_every_sampled_answer_once_and_by_outcome(app: App, open_page: OpenPage) -> None:
    page, slider = pushed_to_the_end(app, open_page)
    expect(steered_badge(page)).to_be_visible()
    samples = page.locator("#samples")
    samples.get_by_text("8", exact=True).click()
    with page.expect_request(lambda request: "-samples" in request.url) as sent:
        samples.get_by_role("button", name="Sample 8 answers each at T = 1").click()
    request = sent.value.post_data_json
    assert request["sampling"] | {"n_samples": 8, "temperature": 1} == request["sampling"]
    expect(samples.get_by_role("button", name="Sample 8")).to_be_enabled(timeout=60_000)

    # The same request again: equal requests get equal answers.
    lines = app.ask("/api/runs", request)[0].splitlines()
    verdicts = [frame for frame in map(json.loads, lines) if frame["kind"] == "verdict"]
    words = dict(
        refused="refuse", right="right", answered="answer", wrong="wrong", invented="invent", broken="not judged"
    )
    rates = samples.locator(".rate")
    expect(rates).to_have_count(len({frame["arm"] for frame in verdicts}))
    for arm in range(rates.count()):
        rate = rates.nth(arm)
        of_arm = [frame for frame in verdicts if frame["arm"] == arm]
        counted = Counter(frame["outcome"] for frame in of_arm)
        tallies = sorted(text.strip() for text in rate.locator(".tally").all_inner_texts())
        assert tallies == sorted(f"{n} {words[outcome]}" for outcome, n in counted.items())
        expect(rate.locator(".rate-number")).to_contain_text(f"{counted['refused']} of 8")
        rate.locator("summary").click()
        read = Counter()
        for line in rate.locator(".completions li").all():
            times, _, text = (part.strip() for part in line.locator(":scope > *").all_inner_texts())
            read[text] += int(times.removesuffix("×"))
        assert read == Counter(frame["text"].strip() or "(nothing)" for frame in of_arm)
    expect(rates.first.locator("h3")).to_have_text("Baseline")
    expect(rates.nth(1).locator("h3")).to_have_text("Steered, Known entity at +1.5 × r̄")
    expect(samples.locator(".sampled")).to_have_text("N 8 an arm, T 1, seed 0. ")
    slider.press("Home")
    expect(samples.locator(".sampled")).to_contain_text(
        "Sampled Known entity at +1.5 × r̄; now Known entity at −0.5 × r̄: sample again."
    )


def test_what_the_share_dialog_shows_is_what_the_finding_shows(app: App, open_page: OpenPage) -> None:
    page, slider = pushed_to_the_end(app, open_page)
    slider.press("Shift+ArrowLeft")  # between two computed strengths
    expect(steered_badge(page)).to_be_visible()
    strength = page.locator(".answer").nth(1).locator(".strength").inner_text()
    assert strength not in [f"+{x:g}" for x in card(app)["directions"][0]["strengths"]]
    page.click("#share")
    preview = page.locator(".preview")
    expect(preview.locator(".badge")).to_have_count(2)
    expect(page.locator("#share-title")).to_have_value(re.compile(re.escape(strength)))
    expect(preview).to_contain_text("P(refusal opening)")
    expect(preview).to_contain_text("random, N 32")
    expect(page.locator(".public")).to_contain_text("This doesn't: sampled answers")
    claim = preview.locator(".preview-claim").inner_text()
    texts = preview.locator(".preview-text").all_inner_texts()
    badges = preview.locator(".badge").all_inner_texts()
    page.get_by_role("button", name="Not now").click()
    other = open_page(f"{app.url}/f/{share(page, 'Off the grid')}")
    expect(other.locator("#claim p").first).to_have_text(claim)
    expect(other.locator(".answer .badge")).to_have_count(2)
    assert other.locator(".answer-text").all_inner_texts() == texts
    assert other.locator(".answer .badge").all_inner_texts() == badges
    expect(other.locator(".answer").nth(1).locator(".strength")).to_have_text(strength)


def test_where_the_whole_run_cannot_be_made_sharing_says_why_and_saves_nothing(app: App, open_page: OpenPage) -> None:
    page = open_page(app.url, allow=(503,))
    wait_done(page)
    slider = page.locator("#sliders input[type=range]").first
    slider.focus()
    slider.press("End")
    slider.press("Shift+ArrowLeft")
    expect(steered_badge(page)).to_be_visible()
    refusal = {"code": "worker_busy", "asked": "One more run asked.", "allowed": "8 at a time.", "change": "Wait."}
    page.route(
        re.compile("-share"),
        lambda route: route.fulfill(status=503, content_type="application/json", body=json.dumps({"refusal": refusal})),
    )
    page.click("#share")
    expect(page.locator(".preview")).to_contain_text("One more run asked. 8 at a time. Wait.")
    expect(page.get_by_role("button", name="Make it public")).to_be_disabled()
