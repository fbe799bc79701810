"""Text that means harm, saved in a real finding and read in a real browser: it is text, on every page that shows it.

`open_page` fails a test for a console error, an exception, or anything that our policy had to stop.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from protocol.base import undirected
from protocol.vocabulary import MAX_TITLE_CHARACTERS
from tests.browser.conftest import App, OpenPage, no_sideways_scroll
from tests.browser.test_reach import PHONE

pytestmark = pytest.mark.usefixtures("kept_runs")
OWN = "window.owned=1;alert(1)"
HOSTILE = {
    "a script": f"<script>{OWN}</script>",
    "a script after an end": f"</script></style></title><script>{OWN}</script>",
    "an image": f'"><img src=x onerror="{OWN}">',
    "an attribute": f"' autofocus onfocus='{OWN}' onmouseover='{OWN}' x='",
    "an svg": f"<svg><animate onbegin={OWN} attributeName=x dur=1s>",
    "a frame": f"<iframe srcdoc='<script>parent.{OWN}</script>'></iframe><base href=//evil/>",
    "markdown": f"[a](javascript:{OWN}) ![b](x) <javascript:{OWN}>",
    "a template": "{{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %>",
    "from right to left": "a \u202egnp.exe\u202c \u2066b\u2069 \u200fאבג",
    "nothing to see": "x\u200b\u200d\u2060\ufeff\u00ady\u2028z",
    "a long word": "W" * 120,
    "many marks": "Z" + "\u0310\u0334\u0356" * 38,
    "emoji": "👩‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🇦 \U0010ffff",
    "plotly's own markup": f"<a href='javascript:{OWN}'>x</a><b>b</b><sub>2</sub>&lt;i&gt;&amp;",
}


# In one text, where a title has room: whichever gets out, owns the page.
TOGETHER = [
    ("a script", "an image"),
    ("a script after an end", "a template"),
    ("an attribute", "from right to left"),
    ("an svg", "emoji"),
    ("a frame", "nothing to see"),
    ("markdown",),
    ("plotly's own markup",),
    ("a long word",),
    ("many marks",),
]


@dataclass(frozen=True)
class Planted:
    text: str
    slug: str


@pytest.fixture(scope="module")
def planted(app: App) -> Iterator[list[Planted]]:
    """A finding for each text, which stands wherever somebody can put one. The first direction steers it."""
    texts = [" ".join(HOSTILE[name] for name in names) for names in TOGETHER]
    assert sorted(itertools.chain(*TOGETHER)) == sorted(HOSTILE) and max(map(len, texts)) <= MAX_TITLE_CHARACTERS
    yield [Planted(text, _save(app, text)) for text in texts]


def _save(app: App, text: str) -> str:
    prompt = f"What sport does {text} play?"
    return app.save(prompt, text, -1, alone=True, note=f"{text}\n\n{text}")["finding"]["slug"]


def _same(said: str, meant: str) -> bool:
    """But for white space, which HTML folds, and direction marks, which a title leaves out."""
    said, meant = (re.sub(r"\s+", " ", undirected(text)) for text in (said, meant))
    return meant.strip() in said


def _open(open_page: OpenPage, url: str, **options: object) -> Page:
    page = open_page("about:blank", **options)
    page.on("dialog", lambda dialog: pytest.fail(f"{url} opened a dialog: {dialog.message}"))
    page.goto(url)
    return page


def _is_harmless(page: Page) -> None:
    page.mouse.move(300, 300)
    page.keyboard.press("Tab")
    assert page.evaluate("window.owned") is None
    assert page.locator("iframe, base, object, embed, main script, [onerror], [onfocus], [onbegin]").count() == 0
    assert page.locator("a[href^='javascript' i]").count() == 0


@pytest.mark.parametrize("n", range(len(TOGETHER)), ids=map(", ".join, TOGETHER))
def test_on_the_page_of_a_finding_it_is_text(app: App, open_page: OpenPage, planted: list[Planted], n: int) -> None:
    text, slug = planted[n].text, planted[n].slug
    page = _open(open_page, f"{app.url}/f/{slug}")
    expect(page.locator(".strip .cell").first).to_be_visible()
    assert _same(page.get_by_role("heading", level=1).text_content(), text)
    said = page.locator("main").text_content()
    assert _same(said, text) and _same(page.title(), text) and "49" not in page.title()
    _is_harmless(page)
    page.set_viewport_size({"width": 375, "height": 800})
    assert no_sideways_scroll(page)


def test_in_the_gallery_all_of_it_is_text(app: App, open_page: OpenPage, planted: list[Planted]) -> None:
    page = _open(open_page, f"{app.url}/findings")
    expect(page.locator(f"a[href='/f/{planted[-1].slug}']").first).to_be_visible()
    said = page.locator("main").text_content()
    for each in planted:
        assert _same(said, each.text), each.text
    _is_harmless(page)
    page.set_viewport_size({"width": 375, "height": 800})
    assert no_sideways_scroll(page)


def test_as_a_search_it_is_text_and_finds_itself(app: App, open_page: OpenPage, planted: list[Planted]) -> None:
    page = _open(open_page, f"{app.url}/findings")
    for each in planted:
        page.fill("#q", each.text)
        page.press("#q", "Enter")
        expect(page.locator(f"a[href='/f/{each.slug}']").first).to_be_visible()
        assert parse_qs(urlsplit(page.url).query)["q"] == [each.text]
        _is_harmless(page)


def test_beside_each_other_it_is_text(app: App, open_page: OpenPage, planted: list[Planted]) -> None:
    for left, right in itertools.pairwise(planted):
        page = _open(open_page, f"{app.url}/compare?a={left.slug}&b={right.slug}")
        said = page.locator("main").text_content()
        assert _same(said, left.text) and _same(said, right.text)
        _is_harmless(page)
        page.context.close()


def test_opened_in_explore_it_is_text(app: App, open_page: OpenPage, planted: list[Planted]) -> None:
    for each in planted[:3]:
        page = _open(open_page, f"{app.url}/f/{each.slug}", **PHONE)
        page.get_by_role("link", name="Open in Explore").click()
        expect(page.locator("#prompt")).to_have_value(f"What sport does {each.text} play?")
        expect(page.locator("#share")).to_be_enabled(timeout=60_000)
        _is_harmless(page)
        page.context.close()


@pytest.mark.parametrize(
    "path",
    [
        "/f/{}",
        "/{}",
        "/findings?q={}",
        "/findings?model={}",
        "/findings?before={}",
        "/compare?a={}&b={}",
        "/models#q={}&type={}&model={}",
        "/docs#{}",
        "/#prompt={}&parent={}",
    ],
)
def test_in_an_address_it_is_text(app: App, open_page: OpenPage, path: str) -> None:
    together = ("a script after an end", "an image", "an attribute", "markdown")
    address = path.replace("{}", quote("".join(HOSTILE[name] for name in together), safe=""))
    page = _open(open_page, app.url + address, allow=(404, 422))
    expect(page.locator("main").first).to_be_visible()
    _is_harmless(page)
