"""Figures as files for a slide: whatever program opens them, nothing is fetched and they say what they are of."""

import re
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage

SVG = "{http://www.w3.org/2000/svg}"
READ_BY_ANY = {
    *("svg", "title", "desc", "defs", "g", "a", "text", "tspan", "image", "clipPath", "linearGradient", "stop"),
    *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon"),
}


def saved(page: Page, view: str, kind: str) -> Path:
    with page.expect_download() as download:
        page.locator(view).get_by_role("button", name=f"Save as {kind}").click()
    return Path(download.value.path())


def test_every_figure_of_a_finding_is_saved_with_model_n_control_and_link(app: App, open_page: OpenPage) -> None:
    finding = app.save(BATKIN, "For a slide", -1)["finding"]
    address = f"{app.url}/f/{finding['slug']}"
    page = open_page(address)
    expect(page.locator("#curve .scatterlayer")).to_be_attached()
    page.locator("#map").scroll_into_view_if_needed()
    expect(page.locator("#map .heatmaplayer image").first).to_be_attached()
    for view, shown in {
        "#curve": ["random", "I'm sorry"],  # the overlay and the ribbon, which are no SVG on the page
        "#tokens": ["Michael", "Known entity"],
        "#first": ["baseline", "refusal"],
        "#map": ["baseline", "steered"],
    }.items():
        drawing = ElementTree.parse(saved(page, view, "SVG")).getroot()
        elements = list(drawing.iter())
        assert {element.tag.removeprefix(SVG) for element in elements} <= READ_BY_ANY, view
        written = " ".join(element.text or "" for element in elements if element.tag == f"{SVG}text")
        for words in (*shown, finding["request"]["model"], "N = 1 prompt", "control: 8 random directions", address):
            assert words in written, (view, words)
        assert BATKIN in written
        looks = [value for element in elements for value in element.attrib.values()]
        assert not [value for value in looks if "var(" in value or "light-dark" in value], view
        assert not [element for element in elements if "text-decoration" in element.attrib], (
            view
        )  # a door opens nothing here
        assert not [element for element in elements if {"class", "style", "onclick"} & set(element.attrib)], view
        with Image.open(saved(page, view, "PNG")) as picture:
            assert picture.size == tuple(2 * round(float(drawing.get(side))) for side in ("width", "height"))
            assert len(picture.convert("RGB").getcolors(1 << 20)) > 20, view


def test_the_curve_of_a_phone_is_as_wide_as_a_slide_and_has_no_empty_quarter(app: App, open_page: OpenPage) -> None:
    finding = app.save(BATKIN, "From a phone", -1)["finding"]
    page = open_page(f"{app.url}/f/{finding['slug']}", viewport={"width": 390, "height": 844})
    expect(page.locator("#curve .scatterlayer")).to_be_attached()
    page.locator("#export summary").click()
    drawing = ElementTree.parse(saved(page, "#export", "SVG")).getroot()
    assert float(drawing.get("width")) > 800
    placed = {element.text: float(element.get("x")) for element in drawing.iter(f"{SVG}text") if element.get("x")}
    assert "strength, × r̄" in placed and "upwards: P(refusal opening), spaced by log-odds" in placed
    assert placed["grey"] == 0, "the caption stands under the title"
    ticks = [float(text.replace("−", "-")) for text in placed if re.fullmatch(r"[−+][\d.]+", text or "")]
    lowest = min(finding["request"]["sweeps"][0]["strengths"])
    assert ticks and min(ticks) >= lowest, "the axis begins where the slider does, however far the others reach"
