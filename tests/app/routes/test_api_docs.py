"""The page of the API: all of it from this app, nothing that our policy forbids."""

import re

import pytest

from tests.app.conftest import Client


@pytest.fixture(scope="module")
def kind() -> str:
    """The page knows no database."""
    return "sqlite"


def test_the_page_runs_no_script_that_is_not_a_file_of_ours(live: Client) -> None:
    page = live.get("/docs")
    assert page.status_code == 200 and live.head("/docs").status_code == 200
    assert re.findall(r"<script[^>]*>([^<]+)</script>", page.text) == []
    assert not re.search(r"""\son\w+=|\sstyle=|<style|javascript:""", page.text)
    loaded = re.findall(r"""<(?:script|link)[^>]*(?:src|href)="([^"]+)""", page.text)
    assert "/static/vendor/swagger-ui-bundle.js" in loaded and "/static/vendor/swagger-ui.css" in loaded
    for address in loaded:
        assert address.startswith("/static/"), address
        assert live.get(address).status_code == 200, address


def test_every_route_says_in_a_sentence_what_it_is_for(live: Client) -> None:
    """Without one FastAPI writes the function's name: "Healthz"."""
    paths = live.get("/openapi.json").json()["paths"]
    told = {(verb, path): one.get("description") for path, own in paths.items() for verb, one in own.items()}
    assert [route for route, said in told.items() if not said] == []
    assert [one["summary"] for own in paths.values() for one in own.values() if len(one["summary"].split()) < 4] == []


def test_the_vendored_files_ask_no_other_site_for_anything(live: Client) -> None:
    style = live.get("/static/vendor/swagger-ui.css").text
    assert all(url.startswith("data:") for url in re.findall(r"""url\(["']?([^"')]{1,40})""", style))
    assert "@import" not in style
    assert "validatorUrl: null" in live.get("/static/docs/api_docs.js").text


def test_every_answer_is_as_careful_as_it_can_be(live: Client) -> None:
    for path in ("/docs", "/openapi.json", "/static/vendor/swagger-ui.css", "/nothing", "/metrics"):
        headers = live.get(path).headers
        directives = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert directives.pop("style-src-attr") == "'unsafe-inline'", "of Plotly and Swagger UI, no other"
        assert directives.pop("img-src") == "'self' data: blob:"
        assert all(value in ("'self'", "'none'") for value in directives.values()), directives
        assert directives["default-src"] == "'none'" and directives["script-src"] == "'self'"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "camera=()" in headers["permissions-policy"]
        assert "server" not in headers and "strict-transport-security" not in headers
