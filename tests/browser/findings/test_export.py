"""The exported page in a real browser, from a file."""

import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.exports.page import page_of
from app.recordings.arms import read_recording
from app.recordings.dose import band, dose_points
from app.wording.numbers import probability
from protocol.app.findings import View
from protocol.canonical import canonical_json
from protocol.steering import Sweep
from protocol.worker.models import Models
from protocol.worker.requests import GenerateRequest
from tests.app.exports.test_exports import HOSTILE, finding_of, made
from tests.browser.conftest import BATKIN, App, OpenPage


@pytest.fixture(scope="module")
def recording(app: App) -> bytes:
    """The story, run on the embedded model."""
    with urllib.request.urlopen(f"{app.url}/api/models") as answer:
        card = Models.model_validate_json(answer.read()).models[0]
    direction = card.directions[0]
    sweep = Sweep(target=direction.target, scope=direction.scope, unit=direction.unit, strengths=direction.strengths)
    asked = canonical_json(GenerateRequest(model=card.id, prompt=BATKIN, sweeps=(sweep,)))
    with urllib.request.urlopen(urllib.request.Request(f"{app.url}/api/runs", asked, method="POST")) as answer:
        return answer.read()


def test_the_exported_page_opens_from_a_file_with_plot_and_table_and_asks_the_network_for_nothing(
    open_page: OpenPage, recording: bytes, tmp_path: Path
) -> None:
    shown = next(p for p in dose_points(read_recording(recording), 0) if p.strength == 1.25)
    page = open_file(open_page, tmp_path, page_of(finding_of(recording, View(sweep=0, strength=1.25)), recording))
    expect(page.locator(".figure .scatterlayer .trace")).to_have_count(5)
    assert band(dose_points(read_recording(recording), 0))
    expect(page.locator("tr.marked").first).to_contain_text(probability(shown.probability))
    page.mouse.wheel(0, 200)
    box = page.locator(".figure .points .point").nth(14).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator(".hoverlayer")).to_contain_text("random directions")
    fetched = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert fetched == []
    with page.expect_download() as download:
        page.click("#save")
    assert Path(download.value.path()).read_bytes() == recording
    page.emulate_media(color_scheme="dark")
    expect(page.locator(".figure .js-line").last).to_have_css("stroke", "rgb(189, 156, 255)")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_an_exported_page_is_text(open_page: OpenPage, tmp_path: Path, text: str) -> None:
    finding, recording = made("a sweep", title=text, note=text, text=text)
    page = open_file(open_page, tmp_path, page_of(finding, recording))
    expect(page.locator(".figure .scatterlayer").first).to_be_attached()
    page.locator(".figure .points .point").first.hover(force=True)
    expect(page.locator(".hoverlayer")).to_contain_text("P(refusal opening)")
    assert page.evaluate("window.pwned") is None
    as_html = text.replace("\r", "\n")
    assert page.evaluate("document.getElementById('title').textContent") == as_html
    assert page.evaluate("document.getElementById('note').textContent") == as_html
    assert as_html in page.evaluate("document.querySelector('.answer-text').textContent")
    assert page.locator("script").count() == 4 and page.locator("a, img, iframe").count() == 0
    record = page.evaluate("JSON.parse(document.getElementById('record').textContent)")
    assert record["finding"]["title"] == text and record["recording"].encode() == recording


def test_a_script_that_got_into_an_exported_page_would_not_run(open_page: OpenPage, tmp_path: Path) -> None:
    html = page_of(*made("nothing swept"))
    injected = html.replace("</main>", "<script>window.pwned = 1</script></main>")
    (tmp_path / "page.html").write_text(injected)
    context = open_page("about:blank").context.browser.new_context()  # its console is expected to complain
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    expect(page.locator("#save")).to_be_visible()
    assert page.evaluate("window.pwned") is None
    context.close()


def test_an_exported_page_reads_without_javascript_and_on_a_phone(open_page: OpenPage, tmp_path: Path) -> None:
    finding, recording = made("sampled", title="Read me")
    html = page_of(finding, recording)
    page = open_file(open_page, tmp_path, html, java_script_enabled=False, viewport={"width": 375, "height": 720})
    expect(page.get_by_role("heading", level=1)).to_have_text("Read me")
    expect(page.locator(".answer")).to_have_count(2)
    expect(page.get_by_text("A script draws a plot here")).to_be_visible()
    expect(page.locator("table").first).to_be_visible()
    assert page.locator("main").bounding_box()["width"] <= 375


def open_file(open_page: OpenPage, folder: Path, html: str, **options: object):
    file = folder / "finding.html"
    file.write_text(html, encoding="utf-8", newline="")
    return open_page(file.as_uri(), **options)
