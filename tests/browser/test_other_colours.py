"""Colours that a system forces, and paper: what carries data stays visible and distinct. One page for all."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import BATKIN, App, OpenPage, laid_out

SEEN = """
() => {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].join(" ");
  };
  const style = (query, name) => rgb(getComputedStyle(document.querySelector(query))[name]);
  const tokens = [...document.querySelectorAll("#tokens .cell")].filter((cell) => cell.dataset.value);
  const tinted = tokens.map((cell) => rgb(getComputedStyle(cell.querySelector(".token")).backgroundColor));
  const fills = [...document.querySelectorAll("#curve .scatterlayer .js-fill")];
  return {
    page: style("body", "backgroundColor"),
    ink: style("body", "color"),
    icon: style(".badge .icon", "backgroundColor"),
    tinted: [...new Set(tinted)],
    rail: style(".rail", "backgroundColor"),
    filled: style(".filled", "backgroundColor"),
    disc: style("#first .disc", "backgroundColor"),
    point: style(".dot-refusal", "backgroundColor"),
    band: fills.map((fill) => rgb(getComputedStyle(fill).fill))[0],
    line: rgb(getComputedStyle(document.querySelectorAll("#curve .js-line")[3]).stroke),
  };
}
"""
WHITE, NOTHING = "255 255 255 255", "0 0 0 0"


def seen(page: Page) -> dict:
    laid_out(page, 300)
    return page.evaluate(SEEN)


def all_can_be_seen(found: dict) -> None:
    marks = [found[name] for name in ("ink", "icon", "rail", "filled", "disc", "point", "band", "line")]
    assert found["page"] not in (*marks, *found["tinted"]) and NOTHING not in (*marks, *found["tinted"]), found
    assert len(found["tinted"]) > 1, "a token's tint says how strongly a latent fires"
    assert found["band"] not in (found["line"], found["ink"]), "the band is no solid bar"
    assert found["rail"] != found["filled"]


def test_forced_colours_and_paper_keep_what_carries_data(app: App, open_page: OpenPage) -> None:
    slug = app.save(BATKIN, "For paper", -1)["finding"]["slug"]
    page = open_page(f"{app.url}/f/{slug}", color_scheme="light")
    expect(page.locator("#curve .scatterlayer .js-line")).to_have_count(4)
    page.emulate_media(forced_colors="active")
    all_can_be_seen(seen(page))
    page.emulate_media(forced_colors="none")
    page.click("#theme")
    assert seen(page)["page"] == "14 16 20 255"
    page.emulate_media(media="print")
    printed = seen(page)
    all_can_be_seen(printed)
    for name in ("ink", "line", "icon"):
        assert max(int(part) for part in printed[name].split()[:3]) < 210, (name, printed[name])
    assert printed["page"] in (WHITE, "252 252 253 255")
