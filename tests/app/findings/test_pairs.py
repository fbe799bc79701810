"""Two prompts of one finding: saved, searched, checked and taken back together."""

import hashlib
import json

import pytest

from app.findings.joint_check import together
from protocol.app.findings import Finding, Saved
from protocol.app.verify import Drift, Verification
from protocol.refusal import Refusal
from tests.app.conftest import Client, eventually
from tests.app.frames import REQUEST, STUDY

JORDAN = REQUEST.model_copy(update={"prompt": "What sport does Michael Jordan play?"})


@pytest.fixture
def pair(app: Client) -> tuple[Saved, bytes, bytes]:
    """With both recordings."""
    first, second = app.post_run(), app.post_run(JORDAN)
    view = {"sweep": 0, "strength": 1.0}
    beside = {"run_id": second.headers["x-run-id"], "view": view}
    saved = app.save(first.headers["x-run-id"], title="A pair", note="Both.", view=view, second=beside)
    assert saved.status_code == 201, saved.text
    return Saved.model_validate_json(saved.content), first.content, second.content


def test_a_pair_is_one_finding_with_both_recordings(app: Client, pair: tuple[Saved, bytes, bytes]) -> None:
    saved, first, second = pair
    finding = saved.finding
    assert finding.second and finding.second.request == JORDAN and finding.second.answers.steered
    assert Finding.model_validate_json(app.get(f"/api/findings/{finding.slug}").content) == finding
    for one, recording in ((finding, first), (finding.second, second)):
        assert one.recording_sha256 == hashlib.sha256(recording).hexdigest()
        assert app.get(f"/api/findings/{one.slug}/frames").content == recording
    exported = json.loads(app.get(f"/f/{finding.slug}.json").content)
    assert [exported[name] for name in ("frames", "second_frames")] == [
        [json.loads(line) for line in recording.splitlines()] for recording in (first, second)
    ]


def test_the_gallery_lists_a_pair_once_and_finds_it_by_either_prompt(
    app: Client, pair: tuple[Saved, bytes, bytes]
) -> None:
    finding = pair[0].finding
    assert finding.second
    for words in ("batkin", "jordan", ""):
        found = app.get("/api/findings", params={"q": words}).json()
        listed = [one["slug"] for one in found["findings"]]
        assert listed[0] == pair[0].finding.slug and finding.second.slug not in listed, words
        assert found["findings"][0]["second"]["request"]["prompt"] == JORDAN.prompt


def test_a_pair_is_taken_back_with_both_its_recordings(app: Client, pair: tuple[Saved, bytes, bytes]) -> None:
    finding = pair[0].finding
    assert finding.second
    alone = app.delete(f"/api/findings/{finding.second.slug}", headers={"X-Delete-Token": pair[0].delete_token})
    assert alone.status_code == 403
    taken = app.delete(f"/api/findings/{finding.slug}", headers={"X-Delete-Token": pair[0].delete_token})
    assert taken.status_code == 204
    for slug in (finding.slug, finding.second.slug):
        assert app.get(f"/api/findings/{slug}").status_code == 410
        assert app.get(f"/api/findings/{slug}/recording").status_code == 410


def test_both_prompts_of_a_pair_are_compared(app: Client, pair: tuple[Saved, bytes, bytes]) -> None:
    alone = app.slug(app.post_run().headers["x-run-id"])
    compared = app.get("/compare", params={"a": pair[0].finding.slug, "b": alone}).text
    assert "second question" in compared and JORDAN.prompt in compared
    assert "second question" not in app.get("/compare", params={"a": alone, "b": alone}).text


def test_what_is_no_answer_of_the_same_model_stands_beside_nothing(app: Client) -> None:
    before = app.get("/api/findings").json()["total"]
    first = app.post_run().headers["x-run-id"]
    study = app.queue_run(STUDY)
    eventually(lambda: app.state(study) == "done")
    other = app.post_run(REQUEST.model_copy(update={"model": "another"})).headers["x-run-id"]
    for second in (study, other):
        refused = app.save(first, second={"run_id": second})
        assert (refused.status_code, refused.json()["refusal"]["code"]) == (422, "no_pair")
    assert app.save(first, second={"run_id": "nonsense"}).status_code == 404
    assert app.get("/api/findings").json()["total"] == before


REPRODUCED = Verification(
    verdict="reproduced", checked="2026-11-21T10:00:01Z", n_tokens=5, n_tokens_kept=5, n_numbers=9, largest_nats=1e-6
)
DRIFTED = Verification(
    verdict="drifted",
    checked="2026-11-21T10:00:00Z",
    n_tokens=4,
    n_tokens_kept=3,
    n_numbers=7,
    n_drifts=2,
    largest_nats=0.5,
    first=Drift(what="answer token", where="arm 3", recorded="a", now="b"),
)
NOT_HERE = Verification(
    verdict="cannot_run",
    checked="2026-11-21T10:00:02Z",
    refusal=Refusal(code="c", asked="a.", allowed="b.", change="c."),
)


def test_a_pair_holds_only_where_both_hold() -> None:
    assert together(REPRODUCED, REPRODUCED).verdict == "reproduced"
    both = together(REPRODUCED, DRIFTED)
    assert (both.verdict, both.n_tokens, both.n_tokens_kept, both.n_numbers) == ("drifted", 9, 8, 16)
    assert (both.largest_nats, both.checked) == (0.5, DRIFTED.checked)
    assert both.first and both.first.where == "second prompt, arm 3"
    first = together(DRIFTED, REPRODUCED).first
    assert first and first.where == "arm 3"
    assert together(DRIFTED, NOT_HERE).refusal == NOT_HERE.refusal
