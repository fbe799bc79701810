"""Experiments, as somebody would use them: set up, run, watch, pause, read every answer, save; each form of figure."""

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from client.first_studies import SHOWN_FOLDER
from protocol.app.experiments.answers.dose import DoseExperiment
from protocol.app.experiments.catalogue import EXPERIMENTS
from protocol.worker.models import ModelCard
from protocol.worker.studies import STUDY
from protocol.worker.study_frames import Cell, Column, Figure, Plot
from tests.browser.conftest import ROOT, App, OpenPage, laid_out, no_sideways_scroll
from tests.browser.faults.violations import violations
from tests.browser.test_reach import PHONE

HOSTILE = "<b>b</b><img src=x onerror=window.owned=1>"  # Plotly knows the first, browsers the second
TYPES = ("player", "movie", "city", "song")

DRAWN = """
async (figures) => {
  const { liveFigure } = await import("/static/study/figures/figure.js");
  document.getElementById("figures").replaceChildren();
  for (const figure of figures) {
    const place = document.createElement("section");
    place.id = figure.id;
    document.getElementById("figures").append(place);
    liveFigure(place).show(figure, { request: { kind: "answers", model: "m" } });
  }
}
"""

# Words that stand outside of their plot, by more than a letter's edge.
CUT = """
() => [...document.querySelectorAll("#figures .figure-plot")].flatMap((plot) => {
  const around = plot.getBoundingClientRect();
  return [...plot.querySelectorAll("text")].filter((one) => one.textContent.trim()).filter((one) => {
    const box = one.getBoundingClientRect();
    const across = Math.min(box.left - around.left, around.right - box.right);
    return Math.min(across, box.top - around.top, around.bottom - box.bottom) < -2;
  }).map((one) => `${plot.closest("section").id}: ${one.textContent}`);
})
"""

LABELLED = """
async ([study, rule]) => {
  const { labelled, csvOfLabelled } = await import("/static/study/trials/labelled.js");
  const list = labelled(study, rule);
  return [list.map(({ label }) => label), csvOfLabelled(list)];
}
"""


def figure(id: str, columns: dict[str, str], rows: list[tuple[Cell, ...]], plot: Plot | None) -> dict[str, Any]:
    told = tuple(Column(name=name, unit=unit) for name, unit in columns.items())
    made = Figure(
        seq=0,
        id=id,
        title=f"{id} {HOSTILE}",
        claim=HOSTILE,
        columns=told,
        rows=tuple(rows),
        plot=plot,
        notes=(HOSTILE,),
    )
    return made.model_dump(mode="json")


def figures() -> list[dict[str, Any]]:
    """One of every form, with words that mean harm wherever a worker could put some."""
    roles = ("known", "unknown", "control", "refused")
    spread = {"type": "", "role": "", "share": "share", "low": "share", "high": "share"}
    shares = [(kind, role, 0.5, 0.25, 0.75) for kind in (*TYPES, HOSTILE) for role in roles]
    doses = [(x / 4, role, x / 8, 0.0, 1.0) for x in range(-2, 7) for role in roles if x >= 0]
    cells = [(layer, head, (layer - head) / 10) for layer in range(6) for head in range(8)]
    curve = [(role, x / 10, x / 10) for role in (*roles, HOSTILE) for x in range(11)]
    boxes = [(kind, role, 0.0, 1.0, 2.0, 3.0, 4.0) for kind in (*TYPES, HOSTILE) for role in ("right", "wrong")]
    # a series with several looks, as an arm's is among its controls
    arms = [
        (arm, "arm", role, 0.5, 0.25, 0.75)
        for arm, role in zip(("baseline", "+known", "+unknown"), roles, strict=False)
    ]
    arms += [(arm, "random controls", "control", 0.5, 0.25, 0.75) for arm, *_ in arms]
    many = (
        "wrong or invented",
        "right",
        *(f"refused, {tier}" for tier in ("rare", "obscure", "withheld", "misled") * 3),
    )
    slanted = [(f"{kind}{'.' * i}", "right", 0.0, 1.0, 2.0, 3.0, 4.0) for i, kind in enumerate(many)]
    flips = [(one, other, 0.5) for one in ("refused", "right") for other in ("wrong or invented", "right", "answered")]
    quartiles = {"type": "", "role": "", "low": "", "q1": "", "median": "", "q3": "", "high": ""}
    return [
        figure("bars", spread, shares, Plot(form="bars", x=0, y=2, low=3, high=4, series=1, role=1)),
        figure(
            "arms",
            {"arm": "", "series": "", **dict(list(spread.items())[1:])},
            arms,
            Plot(form="bars", x=0, y=3, low=4, high=5, series=1, role=2),
        ),
        figure("slanted", quartiles, slanted, Plot(form="box", x=0, low=2, q1=3, y=4, q3=5, high=6, series=1, role=1)),
        figure(
            "flips", {"untouched": "", "steered": "", "of them": "share"}, flips, Plot(form="heat", x=1, y=0, value=2)
        ),
        figure("panels", spread, shares, Plot(form="bars", x=1, y=2, role=1, panel=0)),
        figure(
            "line",
            {"x": "r", **dict(list(spread.items())[1:])},
            doses,
            Plot(form="line", x=0, y=2, low=3, high=4, role=1),
        ),
        figure("points", spread, shares, Plot(form="points", x=0, y=2, role=1)),
        figure(
            "heat",
            {"layer": "", "head": "", "change": "share"},
            cells,
            Plot(form="heat", x=1, y=0, value=2, diverging=True),
        ),
        figure(
            "roc", {"by": "", "false alarms": "share", "hits": "share"}, curve, Plot(form="roc", x=1, y=2, series=0)
        ),
        figure("box", quartiles, boxes, Plot(form="box", x=0, low=2, q1=3, y=4, q3=5, high=6, series=1, role=1)),
        figure("table", {"phrase": "", "n": "answers"}, [(HOSTILE, 3), ("=1+1", None)], None),
    ]


def shipped() -> list[dict[str, Any]]:
    """Every figure of every kind of study, as the model was shipped with it."""
    found = []
    for file in sorted((ROOT / SHOWN_FOLDER).glob("*.jsonl")):
        frames = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        found += [
            one | {"id": f"{file.stem}-{one['id']}".replace("/", "-")} for one in frames if one["kind"] == "figure"
        ]
    return found


# What Plotly makes of a form: at least so many of these.
MARKS = {
    "bars": (".barlayer .point", 20),
    "arms": (".barlayer .point", 6),
    "slanted": (".boxlayer path.box", 14),
    "flips": (".heatmaplayer image", 1),
    "panels": (".barlayer .point", 20),
    "line": (".scatterlayer .js-line", 4),
    "points": (".scatterlayer .point", 20),
    "heat": (".heatmaplayer image", 1),
    "roc": (".scatterlayer .js-line", 6),
    "box": (".boxlayer path.box", 10),
}


def ready(page: Page) -> None:
    """Its form is open, which stands behind the recorded result at first, and can be run."""
    button = page.locator("#setup").get_by_text("Run", exact=True)
    expect(button).to_be_enabled(timeout=60_000)
    page.locator("#setup").evaluate("(form) => (form.open = true)")


def set_up(page: Page, *, most: int, controls: int) -> None:
    ready(page)
    page.get_by_label("Of each type and group at most").fill(str(most))
    page.get_by_label("Controls", exact=True).fill(str(controls))


def run(page: Page) -> None:
    ready(page)
    page.get_by_role("button", name="Run", exact=True).click()


def tells_of(page: Page, n_answers: int) -> None:
    expect(page.locator("#trials .note").first).to_contain_text(re.compile(rf"(^|\s){n_answers:,} answer"))


def test_every_form_of_figure_is_drawn_with_its_table(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/experiments#kind=dose")
    ready(page)
    # every form
    drawn = figures()
    page.evaluate(DRAWN, drawn)
    for one in drawn:
        place = page.locator(f"#{one['id']}")
        if one["id"] in MARKS:
            marks, least = MARKS[one["id"]]
            expect(place.locator(marks).nth(least - 1)).to_be_attached()
            place.get_by_text(re.compile("^Table, ")).click()
        expect(place.locator("tbody tr")).to_have_count(len(one["rows"]))
        expect(place.locator("h3")).to_contain_text(HOSTILE)
    assert page.locator("#panels .figure-plot").count() == len(TYPES) + 1
    expect(page.locator("#bars .xtick, #bars .ytick").filter(has_text="<b>b</b>").first).to_be_attached()
    with page.expect_download() as saved:
        page.locator("#table").get_by_role("button", name="Download CSV").click()
    text = saved.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines() == ["phrase,n (answers)", f"{HOSTILE},3", "'=1+1,"]
    assert page.evaluate("window.owned") is None
    assert violations(page) == []
    assert page.evaluate(CUT) == []
    page.set_viewport_size(PHONE["viewport"])
    laid_out(page, 300)
    assert no_sideways_scroll(page)
    assert page.evaluate(CUT) == []
    # every kind, of real studies, on one page; that Plotly warns of nothing is seen to where pages are opened
    page.evaluate(DRAWN, every := shipped())
    expect(page.locator("#figures .figure-plot .main-svg").first).to_be_attached()
    laid_out(page, 500)
    assert page.locator("#figures section").count() == len(every) > 30
    assert page.evaluate(CUT) == [] and no_sideways_scroll(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    laid_out(page, 500)
    assert page.evaluate(CUT) == []

    # thresholds move what a labelling says: three names, two attributes each, three samples
    def trial(name: int, right: int) -> dict[str, Any]:
        outcomes = ["right"] + ["right"] * right + ["wrong"] * (3 - right)  # the greedy one doesn't count
        return {"name": name, "answers": [{"sample": i, "outcome": one} for i, one in enumerate(outcomes)]}

    names = [{"name": name, "type": "city", "group": "x"} for name in ("A, b", "B", "C")]
    counts = [(0, 3), (0, 2), (1, 3), (1, 0), (2, 0), (2, 0)]
    study = {"opening": {"names": names}, "trials": [trial(*one) for one in counts]}
    assert page.evaluate(LABELLED, [study, {"k": 2, "tau": 2}])[0] == ["known", None, "unknown"]
    assert page.evaluate(LABELLED, [study, {"k": 3, "tau": 1}])[0] == ["known", "known", "unknown"]
    assert page.evaluate(LABELLED, [study, {"k": 3, "tau": 2}]) == [
        [None, None, "unknown"],
        "name,type,label\nC,city,unknown",
    ]
    assert '"A, b",city,known' in page.evaluate(LABELLED, [study, {"k": 1, "tau": 1}])[1]


def test_what_a_form_asks_is_what_its_draft_comes_to_with_every_field_changed_and_the_cost_follows_the_typing(
    app: App, open_page: OpenPage
) -> None:
    page = open_page(f"{app.url}/experiments#kind=dose", allow=(503,))
    card = ModelCard.model_validate_json(json.dumps(json.loads(app.ask("/api/models")[0])["models"][0]))
    sent: list[Any] = []

    def keep(route: Route) -> None:
        """No study is begun here: what would be asked is enough."""
        sent.append(STUDY.validate_json(route.request.post_data or ""))
        refusal = {"code": "kept", "asked": "A study.", "allowed": "None here.", "change": "Nothing."}
        route.fulfill(status=503, json={"refusal": refusal})

    page.route("**/api/runs?*", keep)
    cost, button = page.locator(".setup-cost"), page.get_by_role("button", name="Run", exact=True)
    for one in EXPERIMENTS:
        page.goto(f"{app.url}/experiments#kind={one.about.id}")
        page.reload()
        run(page)
        expect(page.locator("#running")).to_contain_text("None here.")
        assert sent.pop() == one.request(card, one.preset(card)), one.about.id
    assert violations(page) == []

    # limits, in words; another direction brings its own strengths, place and unit
    page.goto(f"{app.url}/experiments#kind=dose")
    page.reload()
    ready(page)
    strengths = page.get_by_label("Strengths")
    strengths.fill("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9")
    expect(cost).to_have_text(
        "9 strengths with controls are asked. 8 are allowed. Use fewer strengths, or no controls."
    )
    expect(button).to_be_disabled()
    strengths.fill("a lot")
    expect(cost).to_have_text("A number is out of its range.")
    vector = next(one for one in card.directions if one.target.kind == "vector")
    page.get_by_label("Direction").select_option(label=f"{vector.label}, {vector.target.name}")
    expect(strengths).to_have_value(re.compile(f"^{min(vector.strengths):g} "))
    strengths.fill("0.5, −0.25; 1")
    page.get_by_label("At", exact=True).select_option("last token of the prompt")
    page.get_by_label("Controls", exact=True).fill("2")
    page.get_by_label("Part", exact=True).select_option("All names")
    page.get_by_label("Of each name").select_option("every attribute")
    page.get_by_role("group", name="Groups").get_by_label("rare").check()
    page.get_by_role("group", name="Attributes").get_by_label("sport").check()
    run(page)
    expect(page.locator("#running")).to_contain_text("None here.")
    dose = DoseExperiment()
    draft = dose.preset(card, vector).putting(
        split="all", per_name="all", attributes=("sport",), groups=("known", "rare", "unknown")
    )
    typed = draft.model_copy(update={"strengths": (0.5, -0.25, 1.0), "scope": "last_prompt", "n": 2})
    assert sent.pop() == dose.request(card, typed)

    # the last answer stays while the app is asked, and while it is away the page says so
    page.get_by_label("Controls", exact=True).fill("0")
    expect(cost).to_contain_text("× 4 arms")
    held: list[Route] = []
    page.route("**/api/experiments", lambda route: held.append(route))
    with page.expect_request("**/api/experiments"):
        page.get_by_label("Controls", exact=True).fill("1")
    expect(cost).to_contain_text("× 4 arms")
    expect(button).to_be_enabled()
    away = {"code": "no_worker", "asked": "The app was asked.", "allowed": "It is away.", "change": "Wait."}
    held.pop().fulfill(status=503, json={"refusal": away})
    expect(cost).to_have_text("The app was asked. It is away. Wait.")
    expect(button).to_be_disabled()
    page.unroute("**/api/experiments")
    page.get_by_label("Controls", exact=True).fill("3")
    expect(cost).to_contain_text("× 13 arms")

    # what is left out, and one number for two pushes
    page.goto(f"{app.url}/experiments#kind=refusals")
    page.reload()
    ready(page)
    page.get_by_label("Strength, unknown").fill("0.5")
    page.get_by_role("checkbox", name=re.compile("^Known entity")).uncheck()
    page.get_by_role("group", name="Kinds").get_by_label("matched").uncheck()
    page.get_by_label("Where, unknown").select_option("the name's tokens")
    run(page)
    expect(page.locator("#running")).to_contain_text("None here.")
    request = sent.pop()
    assert [arm.name for arm in request.arms] == ["+unknown", "unknown projected out"]
    assert (request.arms[0].hold[0].strength, request.arms[0].hold[0].scope) == (0.5, "entity")
    assert request.controls[0].kinds == ("silent", "random")
    page.goto(f"{app.url}/experiments#kind=attention")
    page.reload()
    set_up(page, most=2, controls=3)
    run(page)
    expect(page.locator("#running")).to_contain_text("None here.")
    request = sent.pop()
    assert (request.known.n_controls, request.unknown.n_controls, request.asked.most) == (3, 3, 2)


def test_refusals_by_arm_are_run_read_filtered_and_saved(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/experiments")
    ready(page)
    # by keyboard: another experiment and back
    page.locator("#list a").nth(1).press("Enter")
    expect(page).to_have_url(re.compile("#kind=dose$"))
    expect(page.locator("#list a[aria-current]")).to_be_focused()
    page.go_back()
    page.locator("#list a").first.press("Enter")
    set_up(page, most=1, controls=1)
    page.get_by_label("and", exact=True).fill("1")
    expect(page.locator(".setup-cost")).to_have_text(
        re.compile(r"^Up to 8 questions × 15 arms = 120 answers\. 4 known names are too few to say anything: ")
    )
    assert violations(page) == []
    run(page)
    expect(page.locator("#save")).to_be_enabled(timeout=120_000)
    expect(page).to_have_url(re.compile("#kind=refusals&run="))
    expect(page.locator("#running")).to_contain_text("Done. 8 questions, 120 answers")
    expect(page.locator("#figures .barlayer .point").first).to_be_attached()
    tells_of(page, 120)

    # an answer, with what decides by both rules, and the push that made it
    page.get_by_label("arm", exact=True).select_option("+known")
    page.get_by_label("outcome", exact=True).select_option("invented")
    row = page.locator("#trials tbody tr").first
    expect(row.locator(".badge")).to_contain_text("Invents")
    expect(row).to_contain_text("the paper's rule: no refusal")
    said = row.locator(".trial-text").inner_text()
    name = row.locator("th").inner_text().split("?")[0]
    page.get_by_label("outcome", exact=True).select_option("")
    page.get_by_label("arm", exact=True).select_option("baseline")
    expect(page.locator("#trials tbody tr").filter(has_text=name)).to_contain_text("the paper's rule: refuses, matched")
    page.get_by_label("arm", exact=True).select_option("+known")
    page.get_by_label("words of a name or an answer").fill(said)
    expect(page.locator("#trials tbody tr").first).to_contain_text(said)
    explore = (
        page.locator("#trials tbody tr").filter(has_text=name).get_by_label("Open in Explore").get_attribute("href")
    )
    assert violations(page) == []

    # a reload shows the same
    page.reload()
    expect(page.locator("#trials tbody tr").first).to_contain_text(said)

    page.click("#save")
    page.fill("#share-title", f"Pushed {HOSTILE}")
    page.get_by_role("button", name="Make it public").click()
    link = page.locator("#share-link")
    expect(link).to_have_value(re.compile(r"/f/\w+$"))
    page.goto(link.input_value())
    expect(page.locator("h1")).to_have_text(f"Pushed {HOSTILE}")
    expect(page.locator("#figures .barlayer .point").first).to_be_attached()
    expect(page.locator("#trials tbody tr").first).to_contain_text(said)
    expect(page.locator("#takeback")).to_contain_text("Saved from this browser.")
    assert violations(page) == []

    # what that link opens says the same, word for word
    page.goto(app.url + (explore or ""))
    expect(page.locator("#answers .answer-text").nth(1)).to_have_text(said, timeout=60_000)


def test_a_run_is_paused_gone_on_with_mended_and_cancelled_and_no_answer_counts_twice(
    app: App, open_page: OpenPage
) -> None:
    page = open_page(f"{app.url}/experiments#kind=misfires")
    ready(page)
    cuts = 0

    def cut(route: Route) -> None:
        """The first that follow the run get the half of what is there, and an end without a reason."""
        nonlocal cuts
        if cuts == 2:
            return route.continue_()
        cuts += 1
        answer = route.fetch(url=route.request.url + "&wait=false")
        lines = answer.text().splitlines(keepends=True)
        route.fulfill(body="".join(lines[: max(1, len(lines) // 2)]), content_type="application/jsonl")

    page.route("**/frames?*", cut)
    set_up(page, most=3, controls=1)
    run(page)
    expect(page.locator("#running")).to_contain_text("steps", timeout=60_000)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#running")).to_contain_text("Paused.", timeout=30_000)
    expect(page.locator("#running")).to_contain_text(re.compile("arrived|figures count"))
    page.reload()
    expect(page.locator("#running")).to_contain_text("Paused.")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#running")).to_contain_text("Done.", timeout=120_000)  # what rested can be saved before
    id = page.url.split("run=")[1].split("&")[0]
    frames = [json.loads(line) for line in app.ask(f"/api/runs/{id}/frames?wait=false")[0].splitlines()]
    assert [frame["seq"] for frame in frames] == list(range(len(frames)))
    answers = sum(len(frame["answers"]) for frame in frames if frame["kind"] == "trial")
    assert answers
    tells_of(page, answers)
    assert cuts == 2
    cuts = 0
    page.reload()  # the same of a run that is over: what is missing is asked for
    expect(page.locator("#running")).to_contain_text("Done.", timeout=60_000)
    tells_of(page, answers)
    assert cuts == 2

    page.locator("#setup summary").first.click()
    set_up(page, most=20, controls=5)
    run(page)
    expect(page.locator("#running")).to_contain_text(re.compile(r"\d of \d+ steps"), timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#running")).to_contain_text("You stopped this run after", timeout=30_000)
    expect(page.get_by_role("button", name="Run again")).to_be_visible()
    assert violations(page) == []


def test_without_a_worker_experiments_say_so_and_can_be_read(app_without_worker: App, open_page: OpenPage) -> None:
    page = open_page(f"{app_without_worker.url}/experiments", allow=(503,))
    expect(page.locator("#notice")).to_contain_text("No worker answers")
    expect(page.locator("#about h2")).to_have_text("Refusals by arm")
    expect(page.locator("#ask")).to_contain_text("Waiting for the model")
    page.locator("#list a").nth(3).click()
    expect(page.locator("#about h2")).to_have_text("Attention to the name")
    assert violations(page) == []
