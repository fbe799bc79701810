"""The file that a finding's page becomes: its policy names its scripts, its recordings are whole, and text is text."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from app.exports.kept_page import kept_page
from tests.app.conftest import Client, eventually
from tests.app.exports.test_exports import HOSTILE
from tests.app.frames import STUDY


class Scripts(HTMLParser):
    """Of a page: its scripts, each with its attributes; and addresses that a browser would ask by itself."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.fetched: list[str | None] = []
        self._open = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self._open = tag == "script"
        if self._open:
            self.scripts.append((told, ""))
        if "src" in told or (tag == "link" and told.get("rel") != "canonical"):
            self.fetched.append(told.get("src", told.get("href")))

    def handle_data(self, data: str) -> None:
        if self._open:
            told, text = self.scripts[-1]
            self.scripts[-1] = (told, text + data)

    def handle_endtag(self, tag: str) -> None:
        self._open = False


def hash_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_script_runs_but_those_that_the_policy_names_and_nothing_is_fetched(app: Client, text: str) -> None:
    title = text.strip() or "x"
    run = app.post_run()
    slug = app.slug(run.headers["x-run-id"], title=title, note=text)
    page = app.get(f"/f/{slug}.html").text
    read = Scripts(page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    running = [script for told, script in read.scripts if told.get("type") != "application/json"]
    assert re.findall(r"'sha256-[^']+'", policy) == [hash_of(script) for script in running]
    assert len(read.scripts) == len(running) + 1
    assert all(address and address.startswith("data:") for address in read.fetched), read.fetched
    assert json.loads(_kept(read)) == {f"/api/findings/{slug}/frames": run.content.decode()}


def _kept(read: Scripts) -> str:
    return next(script for told, script in read.scripts if told.get("id") == "kept")


def test_a_study_is_kept_as_its_page_too(app: Client) -> None:
    run_id = app.queue_run(STUDY)
    eventually(lambda: app.state(run_id) == "done")
    slug = app.slug(run_id)
    read = Scripts(app.get(f"/f/{slug}.html").text)
    assert f"/api/findings/{slug}/frames" in json.loads(_kept(read))
    assert any("figuresView" in script for _, script in read.scripts)


def test_links_of_a_kept_page_lead_to_the_app() -> None:
    page = (
        '<html data-root="/below"><head><title>x</title>'
        '<script src="/below/static/a.js" type="module"></script></head><body><a href="/below/f/x">x</a></body></html>'
    )
    kept = kept_page(page, "findings/finding.js", "https://h.example/below", "/below", {})
    assert "a.js" not in kept
    assert '<a href="https://h.example/below/f/x">' in kept and 'data-root="https://h.example/below"' in kept
