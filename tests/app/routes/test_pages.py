"""The HTML pages, as a reader without JavaScript gets them."""

import re
from html import unescape

import pytest

from app.clock import day, timestamp
from app.http.page_files import files_of
from app.settings import Settings
from app.version import VERSION
from protocol.canonical import canonical_json
from protocol.glossary.glossary import GLOSSARY
from protocol.glossary.term import PAPERS
from tests.app.conftest import Client, start
from tests.app.frames import INVENTION, REFUSAL, REQUEST

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}'


def _saved(live: Client, **more: object) -> str:
    return live.slug(live.post_run().headers["x-run-id"], **more)


def test_the_front_page_opens(live: Client) -> None:
    page = live.get("/")
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert live.head("/").status_code == 200


@pytest.mark.parametrize("path", ["/discover", "/experiments", "/circuit", "/findings", "/models"])
def test_every_page_leads_to_the_others_and_each_says_where_one_is(live: Client, path: str) -> None:
    assert f'href="{path}"' in live.get("/").text
    page = live.get(path)
    assert page.status_code == 200 and f'href="{path}" aria-current="page"' in page.text
    assert live.head(path).status_code == 200


def test_every_entry_of_the_glossary_has_its_line_without_javascript(live: Client) -> None:
    page = live.get("/method").text
    assert re.findall(r'<section id="([a-z]\w*)" class="method-entry"', page) == list(GLOSSARY)
    assert {paper.url for paper in PAPERS.values()} <= set(re.findall(r'href="([^"]+)"', page))
    assert {key for key in re.findall(r'data-term="(\w+)"', page)} <= GLOSSARY.keys()


def test_the_introduction_is_read_in_90_seconds(live: Client) -> None:
    """At 200 words a minute, captions among them."""
    essay = live.get("/method").text.split('<section id="essay"')[1].split("</section>")[0]
    told = re.sub("<noscript>.*?</noscript>", "", essay, flags=re.DOTALL)
    assert len(re.sub("<[^>]*>", " ", told).split()) <= 300


def test_a_finding_can_be_read_without_javascript(live: Client) -> None:
    page = _words(live.get(f"/f/{_saved(live, title='Curling', view={'sweep': 0, 'strength': 1.0})}").text)
    told = "Curling", REQUEST.prompt, REFUSAL, INVENTION, "32 random directions, seed 0", "greedy, up to 32 tokens"
    for said in (*told, 'property="og:title"', 'property="og:description"'):
        assert said in page, said


def test_a_finding_that_shows_the_baseline_shows_no_steered_answer(live: Client) -> None:
    page = unescape(live.get(f"/f/{_saved(live)}").text)
    assert REFUSAL in page and INVENTION not in page


@pytest.mark.parametrize(
    "view", [{"sweep": 9}, {"sweep": 0, "strength": 123.0}, {"sweep": 0, "strength": 1.0, "colour": 15}]
)
def test_a_view_that_the_recording_lacks_is_refused(live: Client, view: dict) -> None:
    refused = live.save(live.post_run().headers["x-run-id"], view={"strength": 1.0, **view})
    assert refused.status_code == 422 and refused.json()["refusal"]["code"] == "view_not_recorded"


def test_hostile_markup_is_text_wherever_it_is_shown(live: Client) -> None:
    hostile = REQUEST.model_copy(update={"prompt": HOSTILE})
    run_id = live.post("/api/runs", content=canonical_json(hostile)).headers["x-run-id"]
    slug = live.slug(run_id, title=HOSTILE, note=HOSTILE, view={"sweep": 0, "strength": 1.0})
    page = live.get(f"/f/{slug}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text and "<img src=x" not in page.text
    assert unescape(page.text).count(HOSTILE) >= 3


def test_a_link_preview_shows_the_card_from_where_readers_find_the_app(live: Client, settings: Settings) -> None:
    slug = _saved(live)
    page = live.get(f"/f/{slug}").text
    site = str(live.base_url).rstrip("/")
    assert f'<meta property="og:image" content="{site}/f/{slug}/card.png">' in page
    assert 'content="summary_large_image"' in page and 'property="og:image:alt"' in page
    with start(settings.model_copy(update={"public_url": "https://scope.example/"})) as app:
        slug = _saved(app)
        assert f'content="https://scope.example/f/{slug}/card.png"' in app.get(f"/f/{slug}").text


def test_only_what_is_listed_may_be_found_by_search_engines_and_in_the_gallery(live: Client) -> None:
    listed, hidden = _saved(live, title="For all"), _saved(live, title="By link alone", listed=False)
    assert "noindex" not in live.get(f"/f/{listed}").text and "noindex" in live.get(f"/f/{hidden}").text
    page = live.get("/findings").text
    assert f"/f/{listed}" in page and f"/f/{hidden}" not in page


def test_the_gallery_is_drawn_for_what_its_address_asks(live: Client) -> None:
    run_id = live.post_run().headers["x-run-id"]
    refuses = live.slug(run_id, title="Quokka at rest")
    invents = live.slug(run_id, title="Quokka pushed", view={"sweep": 0, "strength": 1.0})
    both = unescape(live.get("/findings", params={"q": "quokka"}).text)
    assert both.index(f"/f/{invents}") < both.index(f"/f/{refuses}") and "2 findings" in both
    one = unescape(live.get("/findings", params={"q": "quokka", "outcome": "invented", "model": "scripted"}).text)
    assert f"/f/{invents}" in one and f"/f/{refuses}" not in one and INVENTION in one
    assert "/findings?q=quokka&model=scripted" in one, "the filter that is on leads to where it is off"
    assert "Nothing matches “quokka wombat”" in unescape(live.get("/findings", params={"q": "quokka wombat"}).text)
    for wrong in ({"outcome": "x"}, {"q": "x" * 201}, {"model": "<script>"}):
        page = live.get("/findings", params=wrong)
        assert page.status_code == 422 and page.headers["content-type"].startswith("text/html")


def test_an_empty_gallery_says_how_to_make_a_finding(settings: Settings) -> None:
    with start(settings) as app:
        page = app.get("/findings").text
        assert "No findings yet" in page and "press Share" in page


def _words(page: str) -> str:
    """Without its links, which may stand in the middle of a sentence."""
    return re.sub("</?a[^>]*>", "", unescape(page))


def test_two_findings_are_compared_line_by_line(live: Client) -> None:
    run_id = live.post_run().headers["x-run-id"]
    views = {"sweep": 0, "strength": 1.0}, {"sweep": 0, "strength": 0.5}
    a, b = (live.slug(run_id, title=f"At {view['strength']}", view=view) for view in views)
    page = _words(live.get("/compare", params={"a": a, "b": b}).text)
    rows = re.findall(r'<tr class="line-\w+( differs)?">\s*<th scope="row">([\w ]+?)(?: <|</th>)', page)
    assert {name for differs, name in rows if differs} == {"steered", "strength"}
    assert {name for _, name in rows} >= {"question", "baseline", "model", "weights", "controls", "verification"}
    assert "+1 × r\u0304 = 4.00 raw" in page and "+0.5 × r\u0304 = 2.00 raw" in page


def test_what_cannot_be_compared_is_named(live: Client) -> None:
    there = _saved(live, title="Still there")
    saved = live.save(live.post_run().headers["x-run-id"]).json()
    gone = saved["finding"]["slug"]
    live.delete(f"/api/findings/{gone}", headers={"X-Delete-Token": saved["delete_token"]})
    for a, b, status, said in (
        (there, gone, 410, "was deleted on"),
        ("1111111111", there, 404, "No finding has this link"),
        ("<script>", there, 404, "No finding has this link"),
        (there, there, 200, "Both are the same finding"),
        (there, "", 200, f"/findings?a={there}"),
        ("", "", 200, "Choose two findings"),
    ):
        page = live.get("/compare", params={"a": a, "b": b})
        assert page.status_code == status and said in page.text, (a, b)
        assert "f/<" not in unescape(page.text)
        assert "Still there" in page.text or there not in (a, b)


def test_a_deleted_finding_has_a_page_that_says_when_and_why(live: Client) -> None:
    saved = live.save(live.post_run().headers["x-run-id"], title="Soon gone", note="Private after all").json()
    slug = saved["finding"]["slug"]
    live.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": saved["delete_token"]})
    page = live.get(f"/f/{slug}")
    assert page.status_code == 410 and page.headers["content-type"].startswith("text/html")
    text = unescape(page.text)
    assert f"deleted on {day(timestamp())}" in text and "took it back" in text and f"f/{slug}" in text
    assert "Soon gone" not in text and "Private" not in text and 'href="/findings"' in text


@pytest.mark.parametrize(
    "path", ["/f/1111111111", "/f/%00", "/f/<script>", "/f/", "/nothing", "/static/%00", "/static/x"]
)
def test_an_unknown_page_is_a_404_that_says_what_to_do(live: Client, path: str) -> None:
    page = live.get(path)
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text and "Check the" in page.text


def test_static_files_are_always_asked_about_and_never_sent_twice(live: Client) -> None:
    first = live.get("/static/look/elements.css")
    assert first.status_code == 200 and first.headers["cache-control"] == "no-cache"
    again = live.get("/static/look/elements.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.headers["cache-control"] == "no-cache"


def test_a_page_asks_once_for_all_its_styles_which_come_in_their_order(live: Client) -> None:
    """Red while each of Explore's 43 was a request."""
    for path, script in (("/", "explore/explore.js"), ("/nothing", None)):
        style, sheets = files_of(script).style, files_of(script).sheets
        linked = re.findall(r'rel="stylesheet" href="([^"]+)"', live.get(path).text)
        assert [link for link in linked if "vendor" not in link] == [style]
        first = live.get(style)
        assert first.headers["content-type"] == "text/css; charset=utf-8"
        assert first.headers["cache-control"] == "no-cache"
        assert tuple(re.findall(r"^/\* (/static/\S+\.css) \*/$", first.text, re.MULTILINE)) == sheets
        assert all(live.get(sheet).text in first.text for sheet in sheets)
        again = live.get(style, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304 and again.content == b""
        assert live.post(style).status_code == 405
    for nothing in ("joined/explore/none.css", "joined/%00.css", "joined/../x.css"):
        assert live.get(f"/static/{nothing}").status_code == 404


def test_a_page_asks_once_for_all_its_modules_which_come_after_those_they_import(live: Client) -> None:
    """Red while each of Explore's 120 was a request."""
    for path, own in (("/", "explore/explore.js"), ("/nothing", None)):
        files = files_of(own)
        linked = re.findall(r'<script src="([^"]+)" type="module">', live.get(path).text)
        assert linked == [files.script] and "modulepreload" not in live.get(path).text
        first = live.get(files.script)
        assert first.headers["content-type"] == "text/javascript; charset=utf-8"
        assert first.headers["cache-control"] == "no-cache"
        made = [f"/static/{name}" for name in re.findall(r'^modules\["([^"]+)"\] = ', first.text, re.MULTILINE)]
        assert {*files.modules, "/static/parts/explanation.js", "/static/parts/navigation.js"} <= set(made)
        assert not own or made[-1] == files.own
        again = live.get(files.script, headers={"If-None-Match": first.headers["etag"]})
        assert again.status_code == 304 and again.content == b""
        assert live.post(files.script).status_code == 405
    nothing = ("explore/none.js", "core/dom.js", "vendor/plotly-cartesian.min.js", "%00.js", "x/%00.js", "../x.js")
    assert {live.get(f"/static/joined/{name}").status_code for name in nothing} == {404}


def test_static_files_stay_inside_their_folder(live: Client) -> None:
    for path in (
        "/static/../app/main.py",
        "/static/%2e%2e/app/main.py",
        "/static/..%2fapp/main.py",
        "/static//etc/passwd",
    ):
        assert live.get(path).status_code == 404


def test_every_answer_tells_browsers_to_be_careful(live: Client) -> None:
    answers = [
        live.get(path) for path in ("/", "/healthz", "/api/nothing", "/f/1111111111", "/static/look/elements.css")
    ]
    for answer in [*answers, live.post_run(), live.post("/api/runs", content=b"")]:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_healthz_states_the_version(live: Client) -> None:
    assert live.get("/healthz").json()["version"] == VERSION == live.get("/openapi.json").json()["info"]["version"]
