"""Relay and record, against a live app and a scripted worker."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from app.database.connection import Database
from app.runs.log import RunLog
from app.runs.presence import Presence
from app.runs.queue import RunQueue
from app.runs.runs import Runs
from app.runs.store import RunStore
from app.settings import Settings
from app.telemetry.metrics import Metrics
from app.worker.client import WorkerClient
from protocol.canonical import canonical_json, sha256
from protocol.refusal import Refused
from protocol.worker.frames import FRAME, Error
from protocol.worker.requests import GenerateRequest
from tests.app.conftest import PATIENCE_S, Client, eventually, one_by_one, start
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker


def test_lines_are_relayed_and_recorded_unchanged(app: Client, worker: ScriptedWorker) -> None:
    odd = [line.replace(b'{"kind"', b'{ "kind"') for line in recording()]  # not how we would write it
    worker.script = Script(odd)
    answer = app.post_run()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    assert answer.content == b"".join(odd)
    run_id = answer.headers["x-run-id"]
    assert app.get(f"/api/runs/{run_id}/frames").content == answer.content
    told = app.get(f"/api/runs/{run_id}").json()
    assert (told["state"], told["n_frames"], told["saved"]) == ("done", len(odd), False)
    assert told["request_sha256"] == sha256(REQUEST)
    assert worker.asked == [REQUEST]


def test_each_line_arrives_before_the_next_is_said(app: Client, worker: ScriptedWorker) -> None:
    assert one_by_one(app, worker) == recording()


def test_leaving_the_page_closes_the_workers_connection(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=200), pause_s=0.03)
    with app.follow_run() as answer:
        lines = answer.iter_lines()
        first = [next(lines), next(lines)]
    eventually(lambda: worker.left)
    run_id = answer.headers["x-run-id"]
    eventually(lambda: app.state(run_id) == "cancelled")
    kept = app.get(f"/api/runs/{run_id}/frames").text.splitlines()
    assert kept[:2] == first and len(kept) < 50
    assert app.get(f"/api/runs/{run_id}").json()["n_frames"] == len(kept)


def test_leaving_while_the_worker_still_thinks_closes_its_connection(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(thinks_s=5)

    with Client(app.base_url, timeout=0.3) as impatient, pytest.raises(httpx2.TimeoutException):
        impatient.post_run()
    eventually(lambda: worker.left)


def test_leaving_during_a_silence_closes_the_workers_connection(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=30)
    with app.follow_run() as answer:
        next(answer.iter_lines())
    eventually(lambda: worker.left)
    eventually(lambda: app.state(answer.headers["x-run-id"]) == "cancelled")


def test_a_worker_lost_in_the_middle_leaves_a_closing_error_and_a_cut_run(app: Client, worker: ScriptedWorker) -> None:
    for ending in ("torn", "cut"):
        worker.script = Script(ending=ending)
        answer = app.post_run()
        lines = answer.content.splitlines(keepends=True)
        assert lines[:3] == recording()[:3]
        closing = FRAME.validate_json(lines[3])
        assert isinstance(closing, Error) and closing.seq == 3 and closing.refusal.code == "worker_lost"
        run_id = answer.headers["x-run-id"]
        assert app.state(run_id) == "cut"
        assert app.get(f"/api/runs/{run_id}/frames").content == answer.content
    worker.script = Script()
    assert app.state(app.post_run().headers["x-run-id"]) == "done"


def test_a_silent_worker_is_given_up_and_not_called_lost(settings: Settings, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=5)
    with start(settings.model_copy(update={"worker_silence_s": 0.3})) as app:
        answer = app.post_run()
        last = FRAME.validate_json(answer.content.splitlines()[-1])
        assert isinstance(last, Error) and last.refusal.code == "worker_silent"
        assert "it sent nothing for 0.3 s before the answer was complete" in last.refusal.asked
        assert "crashed" not in last.refusal.change
        assert app.state(answer.headers["x-run-id"]) == "cut"
    assert worker.left == [1]


def test_a_worker_that_is_at_work_is_waited_for(settings: Settings, worker: ScriptedWorker) -> None:
    """It says so by empty lines, which nobody is told and nothing records."""
    told = recording()
    worker.script = Script([told[0], *[b"\n"] * 8, *told[1:]], pause_s=0.2)
    with start(settings.model_copy(update={"worker_silence_s": 1.0})) as app:
        answer = app.post_run()
        assert answer.content == b"".join(told)
        assert app.state(answer.headers["x-run-id"]) == "done"


def test_a_line_that_is_no_frame_counts_as_lost_and_is_not_recorded(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script([*recording()[:2], b"<html>out of memory</html>\n", *recording()[2:]])
    answer = app.post_run()
    assert b"html" not in answer.content and answer.content.count(b"\n") == 3
    assert app.state(answer.headers["x-run-id"]) == "cut"


def test_an_error_frame_of_the_worker_is_passed_on_and_ends_the_run(app: Client, worker: ScriptedWorker) -> None:
    refusal = Refused(503, "out_of_memory", "64 arms asked.", "16 fit.", "Ask for fewer.").refusal
    lines = [*recording()[:2], Error(seq=2, refusal=refusal).model_dump_json().encode() + b"\n"]
    worker.script = Script(lines)
    answer = app.post_run()
    assert answer.content == b"".join(lines)
    assert app.state(answer.headers["x-run-id"]) == "error"


def test_a_refusal_of_the_worker_passes_through(app: Client, worker: ScriptedWorker) -> None:
    refused = Refused(404, "unknown_model", "Model x asked.", "There is y.", "Choose y.")
    worker.script = Script(refused=refused)
    answer = app.post_run()
    assert answer.status_code == 404 and "x-run-id" not in answer.headers
    assert answer.json() == {"refusal": refused.refusal.model_dump()}


def test_without_a_worker_a_run_is_refused_and_the_next_one_works(app: Client, worker: ScriptedWorker) -> None:
    worker.close()
    answer = app.post_run()
    assert answer.status_code == 503 and answer.json()["refusal"]["code"] == "no_worker"
    worker.listen()
    assert app.post_run().status_code == 200


def test_a_recording_that_grows_too_large_is_ended(settings: Settings, worker: ScriptedWorker) -> None:
    limit = 3 * len(recording()[0])
    worker.script = Script(recording(n_steps=100))
    with start(settings.model_copy(update={"max_recording_bytes": limit})) as app:
        answer = app.post_run()
        assert len(answer.content) < limit + 1000
        assert b"recording_too_large" in answer.content.splitlines()[-1]
        assert app.state(answer.headers["x-run-id"]) == "error"


def test_a_long_run_is_written_while_it_runs(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=40), pause_s=0.05)
    with app.follow_run() as answer:
        lines = answer.iter_lines()
        first = next(lines)
        run_id = answer.headers["x-run-id"]
        eventually(lambda: app.get(f"/api/runs/{run_id}").json()["n_frames"] > 5)
        assert app.get(f"/api/runs/{run_id}/frames").text.splitlines()[0] == first


def test_a_run_that_cannot_be_written_ends_with_an_error_and_the_next_one_works(
    app: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(RunStore, "append", fails)
        answer = app.post_run()
        assert answer.content.splitlines(keepends=True)[:-1] == recording()[:-1]
        assert b"not_recorded" in answer.content.splitlines()[-1] and b"disk" not in answer.content
        assert app.save(answer.headers["x-run-id"]).status_code == 409
    assert app.state(app.post_run().headers["x-run-id"]) == "done"


def test_eight_streams_run_at_once_and_stay_apart(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.05)
    requests = [REQUEST.model_copy(update={"prompt": f"Who is number {n}?"}) for n in range(8)]

    def one(request: GenerateRequest) -> tuple[bytes, str]:
        with Client(app.base_url) as client:
            answer = client.post("/api/runs", content=canonical_json(request))
            return answer.content, client.state(answer.headers["x-run-id"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, requests))
    assert answers == [(b"".join(recording(request)), "done") for request in requests]
    assert worker.most_running == 8


class _Reader(threading.Thread):
    """Follows a run to its end in the background."""

    def __init__(self, app: Client, **query: str) -> None:
        super().__init__()
        self.base_url = app.base_url
        self.query = query
        self.status = 0
        self.run_id = ""
        self.received = b""

    def run(self) -> None:
        with Client(self.base_url) as client, client.follow_run(**self.query) as answer:
            self.status = answer.status_code
            self.run_id = answer.headers.get("x-run-id", "")
            self.received = answer.read()


def test_a_newer_run_of_a_page_ends_the_older_at_once_and_says_so_in_its_last_line(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(recording(n_steps=500), pause_s=0.03)
    older = _Reader(app, page="tab-1")
    older.start()
    eventually(lambda: older.run_id)
    worker.script = Script()
    newer = app.post_run(page="tab-1")
    older.join(PATIENCE_S)
    assert not older.is_alive()
    eventually(lambda: worker.left)
    assert newer.content == b"".join(recording())
    lines = older.received.splitlines(keepends=True)
    closing = FRAME.validate_json(lines[-1])
    assert isinstance(closing, Error) and closing.seq == len(lines) - 1 and closing.refusal.code == "superseded"
    assert lines[:-1] == recording(n_steps=500)[: len(lines) - 1]
    eventually(lambda: app.state(older.run_id) == "cancelled")
    assert app.get(f"/api/runs/{older.run_id}/frames").content == older.received
    assert app.state(newer.headers["x-run-id"]) == "done"
    assert worker.pages == ["tab-1", "tab-1"] and worker.asked == [REQUEST, REQUEST], "the page is not in the request"


def test_runs_of_other_pages_and_of_none_go_on_beside_each_other(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.3)
    readers = [_Reader(app, **query) for query in ({"page": "a"}, {"page": "b"}, {}, {})]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert [reader.received for reader in readers] == [b"".join(recording())] * 4
    assert worker.most_running == 4 and sorted(map(str, worker.pages)) == ["None", "None", "a", "b"]
    worker.script = Script()
    again = [app.post_run(page="a").content for _ in range(2)]
    assert again == [b"".join(recording())] * 2, "a run that has ended is not superseded"


def test_a_run_that_the_worker_still_thinks_about_is_refused_when_a_newer_one_comes(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(thinks_s=5)
    older = _Reader(app, page="tab-1")
    older.start()
    eventually(lambda: worker.asked)
    worker.script = Script()
    assert app.post_run(page="tab-1").content == b"".join(recording())
    older.join(PATIENCE_S)
    assert not older.is_alive()
    eventually(lambda: worker.left)
    assert older.status == 409 and older.run_id == "" and b'"superseded"' in older.received


def test_of_many_runs_of_a_page_at_the_same_moment_one_is_answered_and_none_hangs(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(pause_s=0.1)
    readers = [_Reader(app, page="tab-1") for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert not any(reader.is_alive() for reader in readers)
    last = [reader.received.splitlines()[-1] for reader in readers]
    assert sum(b'"superseded"' in line for line in last) == 7
    assert sum(line + b"\n" == recording()[-1] for line in last) == 1


async def test_a_run_that_is_superseded_before_its_first_moment_is_refused_too(tmp_path: Path) -> None:
    class Nowhere:
        url, detail, down = None, "There is none.", True

    client = WorkerClient(Nowhere(), silence_s=1)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}")
    kept, queue, presence = RunStore(database), RunQueue(database), Presence(database, lease_s=1)
    told = RunLog(Metrics(lambda: 0), with_prompts=False)
    runs = Runs(kept, queue, presence, client, told, max_recording_bytes=1000, max_study_bytes=1000, max_queued=0)
    older, newer = (asyncio.ensure_future(runs.begin(REQUEST, "tab-1")) for _ in range(2))
    refused = await asyncio.wait_for(asyncio.gather(older, newer, return_exceptions=True), 5)
    assert [one.refusal.code for one in refused] == ["superseded", "no_worker"]
    await client.close()


def test_stopping_the_app_gives_each_stream_its_closing_frame(settings: Settings, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=500), pause_s=0.05)
    with start(settings) as app:
        reader = _Reader(app)
        reader.start()
        eventually(lambda: reader.run_id)
    reader.join(PATIENCE_S)
    assert b"app_stopped" in reader.received.splitlines()[-1]
    eventually(lambda: worker.left)
    with start(settings) as app:
        assert app.state(reader.run_id) == "cut"
        assert app.get(f"/api/runs/{reader.run_id}/frames").content == reader.received
