"""Text that means harm, in every place that keeps text: refused, or given back as it came; never a failure."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.base import undirected
from tests.app.conftest import Client
from tests.app.frames import REQUEST

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title></style></textarea><svg onload=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "[a](javascript:alert(1)) ![b](x) **c**",
    "{{7*7}}{% for x in y %}${7*7}#{7*7}<%= 7*7 %>",
    "'; drop table findings; --",
    "%' or 1=1 --",
    "%_\\/[]^",
    "../../etc/passwd",
    "a\r\nSet-Cookie: x=1\r\n\r\n<html>",
    "\u202egnp.exe\u202c \u2066a\u2069",
    "\u200b\u200d\ufeff\u00ad",
    "\u2028\u2029\x0b\x0c\x85",
    "Z\u0361\u0322\u031ba\u0327\u0335l\u0334g\u0336o\u0337" * 8,
    "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇦",
    "\U0010ffff\ufffe\uffff",
    "\x1b[31m\x07\x08\x7f",
    "ﷺ" * 30,  # one character that folds into eighteen
    "İıßﬁΣς",
    "W" * 130,
    "-1e309 NaN null undefined",
    "=cmd|' /C calc'!A0",
]
TEXTS = st.one_of(
    st.text(st.characters(), max_size=60), st.sampled_from(HOSTILE), st.text("%_\\\\'\"<>&;{}\x00 ", max_size=12)
)
TRIES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def _can_be_kept(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def _post(app: Client, path: str, body: dict) -> tuple[int, dict]:
    """As ASCII, so that also half a surrogate pair can be sent."""
    answer = app.post(path, content=json.dumps(body).encode())
    return answer.status_code, answer.json() if path == "/api/findings" or answer.status_code != 200 else {}


@pytest.fixture(scope="module")
def done(live: Client) -> str:
    """A run to save. One finding keeps it: it would go with the last that is deleted."""
    run_id = live.post_run().headers["x-run-id"]
    live.slug(run_id)
    return run_id


@TRIES
@given(title=TEXTS, note=TEXTS)
def test_title_and_note_come_back_as_they_were_typed_but_for_a_titles_direction_marks_and_are_found(
    live: Client, done: str, title: str, note: str
) -> None:
    status, said = _post(live, "/api/findings", {"run_id": done, "title": title, "note": note})
    if not (_can_be_kept(title) and _can_be_kept(note) and undirected(title).strip() and len(title) <= 140):
        assert status == 422 and said["refusal"]["change"]
        return
    assert status == 201
    slug = said["finding"]["slug"]
    kept = live.get(f"/api/findings/{slug}").json()
    assert (kept["title"], kept["note"]) == (undirected(title), note)
    for words in (kept["title"], note[:200]):
        found = live.get("/api/findings", params={"q": words, "limit": 100})
        assert found.status_code == 200
        assert slug in [finding["slug"] for finding in found.json()["findings"]] or found.json()["total"] > 100
    page = live.get(f"/f/{slug}")
    assert page.status_code == 200 and "<script>alert" not in page.text
    gone = live.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": said["delete_token"]})
    assert gone.status_code == 204


@TRIES
@given(prompt=TEXTS, start=st.integers(-2, 20), size=st.integers(-1, 20))
def test_prompt_and_entity_come_back_as_they_were_typed(live: Client, prompt: str, start: int, size: int) -> None:
    body = {**json.loads(REQUEST.model_dump_json()), "prompt": prompt, "entity": {"start": start, "end": start + size}}
    answer = live.post("/api/runs", content=json.dumps(body).encode())
    fits = 0 <= start < start + size <= len(prompt)
    if not (_can_be_kept(prompt) and prompt.strip() and fits):
        assert answer.status_code == 422 and answer.json()["refusal"]["change"]
        return
    assert answer.status_code == 200
    assert json.loads(answer.text.split("\n")[0])["request"]["prompt"] == prompt
    status, said = _post(live, "/api/findings", {"run_id": answer.headers["x-run-id"], "title": "of a hostile prompt"})
    assert status == 201 and said["finding"]["request"]["prompt"] == prompt
    slug = said["finding"]["slug"]
    assert live.get(f"/api/findings/{slug}").json()["request"]["prompt"] == prompt
    assert live.get(f"/api/findings/{slug}/frames").content == answer.content
    assert live.get(f"/f/{slug}").status_code == 200


@TRIES
@given(text=TEXTS)
def test_no_query_path_or_header_makes_it_fail(live: Client, text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    said = quote(raw, safe="")
    statuses = {
        live.get(f"/{path.format(said)}").status_code
        for path in (
            "api/findings?q={}",
            "api/findings?model={}",
            "api/findings?outcome={}",
            "api/findings?before={}",
            "api/findings?limit={}",
            "api/findings/{}",
            "api/findings/{}/frames",
            "api/runs/{}",
            "api/runs/{}/frames",
            "api/runs/1111111111/frames?after={}",
            "api/models/{}/world?q={}",
            "api/models/scripted/world?q={}&type={}&tier={}&offset={}",
            "f/{}",
            "findings?q={}",
            "compare?a={}&b={}",
            "{}",
        )
        for path in [path.replace("{}", "{0}")]
    }
    assert statuses <= {200, 307, 404, 422}
    header = bytes(c for c in raw if c >= 0x20 and c != 0x7F).strip()
    for name in ("X-Delete-Token", "Authorization", "If-None-Match", "Range", "Accept", "Cookie", "X-Forwarded-For"):
        answer = live.delete("/api/findings/1111111111", headers={name: header})
        assert answer.status_code in (404, 422), name
        assert live.get("/", headers={name: header}).status_code == 200, name
    assert live.post("/api/runs", params={"page": text.encode("utf-8", "replace")}).status_code == 422


@TRIES
@given(name=TEXTS, value=st.recursive(st.none() | st.booleans() | st.floats() | TEXTS, st.lists, max_leaves=5))
def test_a_field_that_somebody_made_up_is_refused_and_never_repeated(live: Client, name: str, value: object) -> None:
    for path, good in (("/api/findings", {"run_id": "1" * 22, "title": "t"}), ("/api/runs", {})):
        answer = live.post(path, content=json.dumps({**good, "x" + name: value}).encode())
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()["refusal"].keys() == {"code", "asked", "allowed", "change"}
