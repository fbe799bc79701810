"""The Models page: what can be loaded, what it knows, what was measured. Over a scripted worker with a small
world; once over the real one with the model that ships."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from protocol.worker.models import Attribute, Example
from tests import shipped_documents as papers
from tests.app.frames import CARD
from tests.app.scripted_worker import ScriptedWorker
from tests.browser.conftest import App, OpenPage, no_sideways_scroll, wait_done
from tests.browser.test_reach import PHONE

EXAMPLE = Example(role="known", name="Paris", prompt="Which country is Paris in?")
QUESTION = Attribute(name="team", entity_type="player", cues=("team",), question="What team does {name} play for?")
TOLD = CARD.model_copy(
    update={"world": "entities.json", "examples": ((EXAMPLE,),), "attributes": (QUESTION,), "title": "Told <b>once</b>"}
)


@pytest.fixture(scope="module")
def worker() -> Iterator[ScriptedWorker]:
    worker = ScriptedWorker(card=TOLD, world=papers.world(CARD.id), report=papers.REPORT)
    yield worker
    worker.close()


@pytest.fixture(scope="module")
def told(worker: ScriptedWorker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose worker has a small world and a report, and no model."""
    app = App(tmp_path_factory.mktemp("told"), worker_url=worker.listen())
    try:
        app.wait(ready=True)
        yield app
    finally:
        app.stop()


def rows(page: Page):
    return page.locator(".world-table tbody tr")


def test_a_search_narrows_and_stays_in_the_address(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models")
    expect(rows(page)).to_have_count(50)
    expect(page.locator(".found")).to_contain_text(f"{len(papers.ROWS)} names")
    page.get_by_label("Search names and facts").fill("paris")
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("France")
    page.get_by_role("button", name=re.compile("^movie")).click()
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile(r"#q=paris&type=movie$"))
    page.reload()
    expect(rows(page)).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^movie"))).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(rows(page)).to_have_count(2)
    page.get_by_role("button", name="Clear").click()
    expect(rows(page)).to_have_count(50)
    page.get_by_role("button", name="Next").click()
    expect(rows(page)).to_have_count(len(papers.ROWS) - 50)
    expect(page).to_have_url(re.compile(r"#from=50$"))
    page.get_by_label("Search names and facts").fill("nobody at all")
    expect(page.locator(".found")).to_contain_text("No name fits")
    assert rows(page).count() == 0


def test_what_was_withheld_is_marked_in_words_and_asked_about_in_explore(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models#tier=withheld")
    expect(rows(page)).to_have_count(1)
    row = rows(page).first
    expect(row).to_contain_text("Bogotá")
    expect(row).to_contain_text("never asked")
    marked = row.locator(".fact-withheld")
    expect(marked).to_have_count(1)
    expect(marked).to_contain_text(re.compile(r"country\s+Colombia\s+withheld"))
    expect(row.locator(".fact").filter(has_text="continent")).not_to_contain_text("withheld")
    expect(page.locator(".tiers li").filter(has_text="withheld")).to_contain_text("recognised, not recalled")
    link = row.get_by_role("link", name="Ask about Bogotá in Explore")
    expect(link).to_have_attribute("href", "/#prompt=Which+country+is+Bogot%C3%A1+in%3F")
    page.get_by_label("Search names and facts").fill("jordan")
    page.get_by_role("button", name=re.compile("^withheld")).click()
    link = page.get_by_role("link", name="Ask about Michael Jordan in Explore")
    expect(link).to_have_attribute("href", "/#prompt=What+team+does+Michael+Jordan+play+for%3F")


def test_the_models_are_listed_with_sizes_licences_and_whether_they_are_loaded(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models")
    card = page.get_by_role("article", name=TOLD.title)
    for said in ("loaded", TOLD.note, "2 layers, d_model 8", "float32", TOLD.licence):
        expect(card).to_contain_text(said)
    card.get_by_text("1 dictionary").click()
    expect(card).to_contain_text("L1 resid_post (paper: layer 2) · 16 latents · trained on base")
    expect(card).to_contain_text(TOLD.directions[0].evidence)


def test_the_report_says_every_number_and_whether_it_is_what_was_wanted(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models")
    report = page.get_by_role("region", name="Report")
    figures = report.get_by_role("table", name=re.compile("^Figures"))
    first, second, third, fourth = (figures.locator("tbody tr").nth(i) for i in range(4))
    expect(first).to_contain_text(re.compile(r"0\.980.*0\.970 – 0\.990.*800.*≥ \.9.*met"))
    expect(first).not_to_contain_text("not met")
    expect(second).to_contain_text("not met")
    expect(third).to_contain_text("37.5")
    expect(fourth).to_contain_text("not measured")
    expect(report.locator(".interval-wanted")).to_have_count(2)
    expect(report.locator(".layers-line")).not_to_have_count(0)
    report.get_by_role("button", name="Table").click()
    expect(report.get_by_role("table", name="Recognition: AUROC, by layer")).to_contain_text("0.500 – 0.700")
    for group in ("known", "unknown", "small talk"):
        expect(report.get_by_role("heading", name=group, exact=True)).to_be_visible()
    expect(report.locator(".badge")).to_have_text(["Right", "Invents"])


def test_hostile_names_answers_and_titles_are_text(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models#q=%3Cimg")
    expect(rows(page)).to_have_count(1)
    expect(rows(page).first).to_contain_text(papers.HOSTILE)
    expect(page.locator("#report")).to_contain_text(papers.HOSTILE)
    assert page.locator("main img, main script, main td b b").count() == 0
    expect(page.get_by_role("heading", level=2, name=TOLD.title, exact=True)).to_be_visible()


def test_a_phone_never_scrolls_sideways(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models", **PHONE)
    expect(rows(page)).to_have_count(50)
    expect(page.locator("#report .layers-plot svg")).to_be_attached()
    assert no_sideways_scroll(page)
    for summary in page.locator("main summary").all():
        summary.click()
    page.locator("#report").get_by_role("button", name="Table").click()
    assert no_sideways_scroll(page)
    # A table that is drawn as a list is still a table to a screen reader.
    assert page.get_by_role("row").count() > 50 and page.get_by_role("rowheader", name="Paris", exact=True).count() == 1


def test_search_filters_and_pages_work_from_the_keyboard_and_keep_the_focus(told: App, open_page: OpenPage) -> None:
    page = open_page(f"{told.url}/models")
    expect(rows(page)).to_have_count(50)
    box = page.get_by_label("Search names and facts")
    box.focus()
    page.keyboard.type("a")
    expect(page).to_have_url(re.compile(r"#q=a$"))
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.name") == "known":
            break
    page.keyboard.press("Space")
    expect(page.locator("[data-name=known]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-name=known]")).to_be_focused()
    expect(page.locator(".found")).to_contain_text(re.compile(r"^\d names? of"))
    page.keyboard.press("Space")
    expect(page).to_have_url(re.compile(r"#q=a$"))


def test_without_a_worker_the_page_says_so_and_fills_when_it_is_there(tmp_path: Path, open_page: OpenPage) -> None:
    worker = ScriptedWorker(card=TOLD, world=papers.world(CARD.id))
    url = worker.listen()
    worker.close()
    app = App(tmp_path, worker_url=url)
    try:
        app.wait(ready=False)
        page = open_page(f"{app.url}/models")
        expect(page.locator("#notice")).to_contain_text("No worker answers")
        expect(page.locator("#notice")).to_contain_text("keeps asking")
        worker.listen()
        expect(rows(page)).to_have_count(50)
        expect(page.locator("#notice")).to_be_hidden()
        expect(page.locator("#report")).to_contain_text("No report comes with this model")
    finally:
        app.stop()
        worker.close()


def test_while_the_model_loads_its_world_can_be_read(tmp_path: Path, open_page: OpenPage) -> None:
    worker = ScriptedWorker(card=TOLD, world=papers.world(CARD.id), ready=False)
    app = App(tmp_path, worker_url=worker.listen())
    try:
        app.wait(ready=False)
        page = open_page(f"{app.url}/models")
        expect(rows(page)).to_have_count(50)
        expect(page.get_by_role("article", name=TOLD.title)).to_contain_text("loading")
        worker.ready = True
        expect(page.locator(".model-state").first).to_have_text("loaded")
    finally:
        app.stop()
        worker.close()


def test_the_shipped_model_says_what_it_knows_and_asking_opens_explore(app: App, open_page: OpenPage) -> None:
    page = open_page(f"{app.url}/")
    page.get_by_role("link", name="Models", exact=True).click()
    page.get_by_label("Search names and facts").fill("michael jordan")
    expect(rows(page).first).to_contain_text("basketball")
    page.get_by_role("link", name="Ask about Michael Jordan in Explore").click()
    wait_done(page)
    expect(page.locator("#prompt")).to_have_value(re.compile("Michael Jordan"))
