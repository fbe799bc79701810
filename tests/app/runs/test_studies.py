"""Studies as runs: they wait, rest, are interrupted, and go on from where they were. None of their frames is told
twice."""

import json
import time
from collections.abc import Callable

import pytest

from app.runs.queue import MAX_ATTEMPTS
from app.settings import Settings
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Error
from protocol.worker.names import GivenName, GivenNames
from protocol.worker.studies import DiscoverRequest
from tests.app.conftest import Client, Spawned, Tail, eventually, start
from tests.app.databases import execute
from tests.app.frames import REQUEST, STUDY, recording, study_recording
from tests.app.scripted_worker import Script, ScriptedWorker

WHOLE = study_recording()
LONG = study_recording(n_steps=150)  # whatever else the machine does, it is interrupted in the middle
SpawnOn = Callable[..., Spawned]


def _told(app: Client, run_id: str) -> dict[str, object]:
    return app.get(f"/api/runs/{run_id}").json()


def _has(app: Client, run_id: str, n_frames: int) -> bool:
    return int(str(_told(app, run_id)["n_frames"])) > n_frames


def _pause(app: Client, run_id: str) -> dict[str, object]:
    return app.post(f"/api/runs/{run_id}/pause").json()


def test_a_study_waits_for_its_turn_whatever_lane_is_asked_and_is_told_with_its_kind_and_model(
    app: Client, worker: ScriptedWorker
) -> None:
    answer = app.post_run(STUDY)
    told = answer.json()
    assert answer.status_code == 202 and answer.headers["location"] == f"/api/runs/{told['id']}"
    assert (told["kind"], told["model"], told["lane"], told["state"]) == (
        "knowledge",
        "scripted",
        "background",
        "queued",
    )
    assert app.frames(told["id"]).content == b"".join(WHOLE)
    assert worker.asked == [STUDY] and worker.lanes == ["background"] and worker.brought == [0]
    assert _told(app, told["id"])["progress"] == 1.0
    assert _told(app, app.post_run().headers["x-run-id"])["kind"] == "generate"


def test_a_study_has_room_for_ten_thousand_names_and_another_run_has_not(app: Client, worker: ScriptedWorker) -> None:
    names = tuple(GivenName(name=f"Somebody number {n}", facts={"sport": "chess" * 10}) for n in range(10_000))
    large = DiscoverRequest(model="scripted", names=GivenNames(names=names))
    assert app.post_run(large).status_code == 202
    eventually(lambda: worker.asked)
    assert worker.asked == [large]
    body = json.loads(REQUEST.model_dump_json()) | {"note": "x" * 70_000}
    for refused in (app.post("/api/runs", json=body), app.post("/api/runs", content=b" " * 70_000)):
        assert refused.status_code == 413 and "65,536" in refused.json()["refusal"]["allowed"]
    refused = app.post("/api/runs", content=b'{"kind": "label"}' + b" " * 5_000_000)
    assert refused.status_code == 413 and "4,194,304" in refused.json()["refusal"]["allowed"]


def test_progress_is_what_the_study_says_of_its_steps(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(study_recording(n_steps=40), pause_s=0.03)
    run_id, seen = app.queue_run(STUDY), set()
    eventually(lambda: seen.add(_told(app, run_id)["progress"]) or app.state(run_id) == "done")
    assert seen < {n / 40 for n in range(41)} and len(seen) > 2, seen


def test_a_lost_worker_makes_a_study_go_on_behind_its_last_frame_and_followers_never_notice(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(ending="torn", cut_after=7)
    run_id = app.queue_run(STUDY)
    tail = Tail(app, run_id)
    eventually(lambda: worker.brought)
    worker.script = Script(ending="cut", cut_after=2)
    eventually(lambda: len(worker.brought) > 2)
    worker.script = Script(pause_s=0.01)
    assert tail.whole() == WHOLE
    assert app.frames(run_id).content == b"".join(WHOLE)
    assert worker.brought[:3] == [0, 7, 9] and app.state(run_id) == "done"
    assert tail.headers and tail.headers["x-attempt"] == "1"
    assert app.frames(run_id, after=3, attempt=1).content == b"".join(WHOLE[4:]), "it was told once"
    told = _told(app, run_id)
    assert told["attempt"] == len(worker.brought) and told["n_frames"] == len(WHOLE)
    assert app.save(run_id).status_code == 201


def test_only_attempts_that_bring_nothing_are_counted_before_a_study_is_given_up(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(ending="cut", cut_after=1)  # of each attempt's lines
    run_id = app.queue_run(STUDY)
    assert Tail(app, run_id).whole(20) == WHOLE
    assert len(worker.brought) == len(WHOLE) > MAX_ATTEMPTS and app.state(run_id) == "done"
    worker.script, worker.brought = Script(ending="cut", cut_after=5), []
    run_id = app.queue_run(STUDY)
    eventually(lambda: worker.brought)
    worker.script = Script(ending="cut", cut_after=0)
    lines = Tail(app, run_id).whole(20)
    assert lines[:-1] == WHOLE[:5] and b"given_up" in lines[-1] and json.loads(lines[-1])["seq"] == 5
    assert worker.brought == [0] + [5] * MAX_ATTEMPTS and app.state(run_id) == "error"
    assert app.save(run_id).status_code == 201, "as part of one"


def test_a_study_that_can_not_go_on_ends_with_that_refusal_and_keeps_its_frames(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(ending="cut", cut_after=6)
    run_id = app.queue_run(STUDY)
    eventually(lambda: worker.brought)
    worker.script = Script(LONG)  # another opening: the model is another one now
    lines = Tail(app, run_id).whole()
    last = FRAME.validate_json(lines[-1])
    assert lines[:-1] == WHOLE[:6] and isinstance(last, Error) and last.refusal.code == "study_changed"
    assert app.state(run_id) == "error" and app.save(run_id).status_code == 201


def test_a_worker_that_begins_anew_where_it_should_go_on_is_not_believed(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(ending="cut", cut_after=6)
    run_id = app.queue_run(STUDY)
    eventually(lambda: worker.brought)
    worker.script = Script(WHOLE[:6] + WHOLE)
    lines = Tail(app, run_id).whole()
    assert lines[:-1] == WHOLE[:6] and b"given_up" in lines[-1]


def test_stopping_the_app_keeps_a_studys_frames_and_the_next_one_goes_on(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(LONG, pause_s=0.03)
    with start(settings) as app:
        run_id = app.queue_run(STUDY)
        tail = Tail(app, run_id)
        eventually(lambda: len(tail.lines) > 5)
    assert tail.whole() == LONG[: len(tail.lines)]
    [(state, n_frames, n_whole)] = execute(settings, "select state, n_frames, n_whole from runs")
    assert (state, n_frames) == ("queued", len(tail.lines)) and n_whole > 1
    worker.script = Script(LONG)
    with start(settings) as app:
        assert Tail(app, run_id, after=len(tail.lines) - 1).whole() == LONG[len(tail.lines) :]
        assert app.frames(run_id).content == b"".join(LONG)
    assert worker.brought == [0, len(tail.lines)]


def test_a_study_that_is_paused_leaves_the_worker_rests_and_goes_on_when_it_is_let(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(LONG, pause_s=0.03)
    with start(settings) as app:
        run_id = app.queue_run(STUDY)
        tail = Tail(app, run_id)
        eventually(lambda: len(tail.lines) > 5)
        told = _pause(app, run_id)
        assert told["state"] == "paused" and 0 < told["progress"] < 1 and 5 < told["n_frames"] < len(LONG)
        eventually(lambda: worker.running == 0)
        assert _pause(app, run_id)["state"] == "paused", "once more changes nothing"
        time.sleep(1.2)
        assert len(worker.brought) == 1 and app.state(run_id) == "paused", "it waits for nobody"
        assert app.save(run_id).status_code == 201, "as part of one"
    with start(settings) as app:
        time.sleep(0.6)
        assert app.state(run_id) == "paused", "nor for another app"
        assert app.frames(run_id, wait=False).content == b"".join(LONG[: told["n_frames"]])
        resumed = app.post(f"/api/runs/{run_id}/resume")
        assert resumed.status_code == 200 and resumed.json()["state"] == "queued"
        assert app.post(f"/api/runs/{run_id}/resume").status_code == 200
        assert app.frames(run_id).content == b"".join(LONG) and app.state(run_id) == "done"
        assert worker.brought == [0, told["n_frames"]]
        ended = app.post(f"/api/runs/{run_id}/pause")
        assert ended.status_code == 409 and ended.json()["refusal"]["code"] == "run_ended"


def test_a_study_that_waits_can_rest_and_one_that_rests_can_be_cancelled(
    settings: Settings, worker: ScriptedWorker
) -> None:
    with start(settings.model_copy(update={"background_runs": 0, "max_queued_runs": 1})) as app:
        run_id = app.queue_run(STUDY)
        assert _pause(app, run_id)["state"] == "paused"
        other = app.queue_run(STUDY)
        full = app.post(f"/api/runs/{run_id}/resume")
        assert full.status_code == 503 and full.json()["refusal"]["code"] == "queue_full"
        _pause(app, other)
        answer = app.delete(f"/api/runs/{other}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert app.post(f"/api/runs/{run_id}/resume").json()["state"] == "queued"


def test_a_paused_study_that_is_cancelled_keeps_what_it_found(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(LONG, pause_s=0.03)
    run_id = app.queue_run(STUDY)
    eventually(lambda: _has(app, run_id, 5))
    n_frames = _pause(app, run_id)["n_frames"]
    assert app.delete(f"/api/runs/{run_id}").json()["state"] == "cancelled"
    lines = app.frames(run_id).content.splitlines(keepends=True)
    assert lines[:-1] == LONG[:n_frames] and b'"cancelled"' in lines[-1]
    assert app.save(run_id).status_code == 201, "as part of one"


@pytest.mark.parametrize("what", ["pause", "resume"])
def test_what_is_no_study_can_not_rest(app: Client, worker: ScriptedWorker, what: str) -> None:
    refused = app.post(f"/api/runs/{app.post_run().headers['x-run-id']}/{what}")
    refusal = refused.json()["refusal"]
    assert refused.status_code == 409 and refusal["code"] == "not_a_study"
    assert all(refusal[part] for part in ("asked", "allowed", "change"))
    assert app.post(f"/api/runs/nobody/{what}").status_code == 404
    assert app.post(f"/api/runs/{'x' * 22}/{what}").status_code == 404


def test_a_study_is_paused_and_let_go_on_through_another_app(settings: Settings, worker: ScriptedWorker) -> None:
    worker.script = Script(LONG, pause_s=0.05)
    with start(settings) as making, start(settings.model_copy(update={"background_runs": 0})) as other:
        run_id = making.queue_run(STUDY)
        tail = Tail(other, run_id)
        eventually(lambda: tail.lines)
        answer = other.post(f"/api/runs/{run_id}/pause")
        assert answer.status_code == 202 and answer.json()["state"] == "running"
        eventually(lambda: other.state(run_id) == "paused" and worker.running == 0)
        worker.script = Script(LONG)
        seen = tail.whole()
        assert other.post(f"/api/runs/{run_id}/resume").json()["state"] == "queued"
        assert seen + Tail(other, run_id, after=len(seen) - 1).whole() == LONG


def test_a_study_of_an_app_that_was_killed_goes_on_in_another_and_one_that_was_to_rest_rests(
    settings: Settings, worker: ScriptedWorker, spawn_on: SpawnOn
) -> None:
    worker.script = Script(LONG, pause_s=0.04)
    settings = settings.model_copy(update={"lease_s": 1.5})
    dying = spawn_on(settings)
    going, resting = dying.client.queue_run(STUDY), dying.client.queue_run(STUDY)
    eventually(lambda: _has(dying.client, going, 8) and _has(dying.client, resting, 8))
    with start(settings.model_copy(update={"background_runs": 0})) as other:
        tail = Tail(other, going)
        dying.kill()
        assert other.post(f"/api/runs/{resting}/pause").status_code == 202, "nobody is there to do it"
        eventually(lambda: other.state(going) == "queued" and other.state(resting) == "paused")
        n_kept = int(str(_told(other, going)["n_frames"]))
        assert n_kept > 8
        worker.script = Script(LONG)
        with start(settings):
            assert tail.whole() == LONG
        assert other.frames(going).content == b"".join(LONG) and worker.brought[2:] == [n_kept]
        assert other.state(resting) == "paused"


def test_a_paused_study_is_forgotten_after_its_time_and_never_before(
    settings: Settings, worker: ScriptedWorker
) -> None:
    tight = settings.model_copy(update={"max_unsaved_bytes": 1, "background_runs": 0})
    with start(tight) as app:
        old, young = app.queue_run(STUDY), app.queue_run(STUDY)
        for run_id in (old, young):
            _pause(app, run_id)
        long_ago = "'2020-01-01T00:00:00.000000Z'"
        execute(settings, f"update runs set created = {long_ago}")
        execute(settings, f"update runs set stood = {long_ago} where id = :id", id=old)
    with start(tight) as app:
        eventually(lambda: app.get(f"/api/runs/{old}").status_code == 404)
        assert app.state(young) == "paused", "it was asked long ago, and rests since just now"


def test_a_study_that_grows_too_large_is_ended_and_what_it_had_is_kept(
    settings: Settings, worker: ScriptedWorker
) -> None:
    size = sum(map(len, WHOLE))
    with start(settings.model_copy(update={"max_study_bytes": size - 1, "max_recording_bytes": 10})) as app:
        lines = app.frames(app.queue_run(STUDY)).content.splitlines(keepends=True)
        assert lines[:-1] == WHOLE[:-1] and b"recording_too_large" in lines[-1] and b"fewer names" in lines[-1]


def test_a_study_that_a_worker_does_not_know_ends_with_its_refusal(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(refused=Refused(422, "unknown_study", "A study asked.", "None is here.", "Ask another."))
    run_id = app.queue_run(STUDY)
    assert b"unknown_study" in app.frames(run_id).content and app.state(run_id) == "error"
    worker.script = Script()
    assert app.post_run().content == b"".join(recording())
