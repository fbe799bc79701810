"""The HTML pages, as a reader without JavaScript gets them."""

from html import unescape

import pytest

from app.version import VERSION
from protocol.canonical import canonical_json
from tests.app.conftest import Client
from tests.app.frames import INVENTION, REFUSAL, REQUEST

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}'


def _saved(live: Client, **more: object) -> str:
    return live.slug(live.post_run().headers["x-run-id"], **more)


def test_the_front_page_opens(live: Client) -> None:
    page = live.get("/")
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert live.head("/").status_code == 200


def test_every_page_leads_to_the_models_and_that_page_says_where_one_is(live: Client) -> None:
    assert 'href="/models"' in live.get("/").text
    page = live.get("/models")
    assert page.status_code == 200 and 'href="/models" aria-current="page"' in page.text
    assert live.head("/models").status_code == 200


def test_a_finding_can_be_read_without_javascript(live: Client) -> None:
    page = unescape(live.get(f"/f/{_saved(live, title='Curling', view={'sweep': 0, 'strength': 1.0})}").text)
    for said in ("Curling", REQUEST.prompt, REFUSAL, INVENTION, 'property="og:title"', 'property="og:description"'):
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


@pytest.mark.parametrize(
    "path", ["/f/1111111111", "/f/%00", "/f/<script>", "/f/", "/nothing", "/static/%00", "/static/x"]
)
def test_an_unknown_page_is_a_404_that_says_what_to_do(live: Client, path: str) -> None:
    page = live.get(path)
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text and "Check the" in page.text


def test_static_files_are_always_asked_about_and_never_sent_twice(live: Client) -> None:
    first = live.get("/static/css/base.css")
    assert first.status_code == 200 and first.headers["cache-control"] == "no-cache"
    again = live.get("/static/css/base.css", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304 and again.headers["cache-control"] == "no-cache"


def test_static_files_stay_inside_their_folder(live: Client) -> None:
    for path in (
        "/static/../app/main.py",
        "/static/%2e%2e/app/main.py",
        "/static/..%2fapp/main.py",
        "/static//etc/passwd",
    ):
        assert live.get(path).status_code == 404


def test_every_answer_tells_browsers_to_be_careful(live: Client) -> None:
    answers = [live.get(path) for path in ("/", "/healthz", "/api/nothing", "/f/1111111111", "/static/css/base.css")]
    for answer in [*answers, live.post_run(), live.post("/api/runs", content=b"")]:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self';" in policy and "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_healthz_states_the_version(live: Client) -> None:
    assert live.get("/healthz").json()["version"] == VERSION == live.get("/openapi.json").json()["info"]["version"]
