"""Background runs: queued, made, made again; followed and ended by whoever knows their id."""

import json
import socket
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from app.database.connection import Database
from app.runs.progress import RunProgress
from app.runs.queue import MAX_ATTEMPTS
from app.runs.store import Claim, RunStore, Stretch, TakenOver
from app.settings import ROOT, Settings
from protocol.canonical import sha256
from protocol.refusal import Refused
from protocol.worker import frames
from protocol.worker.frames import FRAME, Error
from protocol.worker.requests import GenerateRequest
from tests.app.conftest import Client, Tail, eventually, start
from tests.app.databases import execute
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker

BUSY = Refused(503, "worker_busy", "One more asked.", "64 at a time.", "Try again.")


def _closing(lines: list[bytes]) -> Error:
    """The last line, which has to be the only `error`, and in its place."""
    last = FRAME.validate_json(lines[-1])
    assert isinstance(last, Error) and last.seq == len(lines) - 1
    assert not any(b'"error"' in line for line in lines[:-1])
    return last


def _told(app: Client, run_id: str) -> dict[str, object]:
    return app.get(f"/api/runs/{run_id}").json()


def test_a_background_run_is_answered_at_once_and_made_though_nobody_follows(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(pause_s=0.05)
    answer = app.post_run(lane="background")
    told = answer.json()
    assert answer.status_code == 202 and answer.headers["location"] == f"/api/runs/{told['id']}"
    assert (told["state"], told["lane"], told["attempt"], told["progress"]) == ("queued", "background", 0, 0.0)
    assert told["request_sha256"] == sha256(REQUEST)
    eventually(lambda: app.state(told["id"]) == "done")
    assert app.frames(told["id"]).content == b"".join(recording())
    assert _told(app, told["id"])["attempt"] == 1 and _told(app, told["id"])["progress"] == 1.0
    assert worker.lanes == ["background"] and worker.asked == [REQUEST]
    assert app.save(told["id"]).status_code == 201


def test_a_background_run_waits_while_the_worker_is_away_and_that_counts_no_attempt(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.close()
    run_id = app.queue_run()
    tail = Tail(app, run_id)
    time.sleep(1.2)  # it is tried meanwhile
    assert tail.is_alive() and tail.lines == []
    worker.listen()
    assert tail.whole() == recording()
    assert (app.state(run_id), _told(app, run_id)["attempt"]) == ("done", 1)


def test_a_busy_worker_is_asked_again_and_another_refusal_ends_the_run(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(refused=BUSY)
    busy = app.queue_run()
    eventually(lambda: len(worker.asked) >= 2)
    unknown = Refused(404, "unknown_model", "Model x asked.", "There is y.", "Choose y.")
    worker.script = Script(refused=unknown)
    eventually(lambda: app.state(busy) == "error")
    assert _closing(app.frames(busy).content.splitlines(keepends=True)).refusal == unknown.refusal
    assert _told(app, busy)["attempt"] == 1
    n_asked = len(worker.asked)
    time.sleep(0.7)
    assert len(worker.asked) == n_asked, "what can't be done is not tried again"


def test_a_lost_worker_makes_the_run_begin_again_and_who_follows_is_told_from_the_new_beginning(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(recording(n_steps=9), pause_s=0.1, ending="torn", cut_after=5)
    run_id = app.queue_run()
    tail = Tail(app, run_id)
    eventually(lambda: tail.lines)
    worker.script = Script(refused=BUSY)  # for a while, so that the tail sees it queued
    eventually(lambda: app.state(run_id) == "queued" and len(worker.asked) > 1)
    worker.script = Script(pause_s=0.05)
    assert tail.whole() == recording(n_steps=9)[:5] + recording()
    assert (app.state(run_id), _told(app, run_id)["attempt"]) == ("done", 2)
    assert app.frames(run_id).content == b"".join(recording())
    assert _told(app, run_id)["n_frames"] == len(recording())


def test_a_run_that_loses_its_worker_each_time_is_given_up_with_a_last_line_that_says_so(
    app: Client, worker: ScriptedWorker
) -> None:
    worker.script = Script(ending="cut")
    run_id = app.queue_run()
    lines = Tail(app, run_id).whole()
    assert (app.state(run_id), _told(app, run_id)["attempt"]) == ("error", MAX_ATTEMPTS)
    kept = app.frames(run_id).content.splitlines(keepends=True)
    assert kept[:-1] == recording()[:3] and _closing(kept).refusal.code == "given_up"
    assert lines[-len(kept) :] == kept and len(worker.asked) == MAX_ATTEMPTS
    worker.script = Script()
    assert app.frames(app.queue_run()).content == b"".join(recording()), "the next one works"


def test_more_runs_than_may_wait_are_refused(settings: Settings) -> None:
    with start(settings.model_copy(update={"max_queued_runs": 2, "background_runs": 0})) as app:
        waiting = [app.queue_run() for _ in range(2)]
        refused = app.post_run(lane="background")
        assert refused.status_code == 503
        refusal = refused.json()["refusal"]
        assert refusal["code"] == "queue_full" and all(refusal[part] for part in ("asked", "allowed", "change"))
        assert app.post_run().status_code == 200, "the foreground has no queue here"
        assert app.delete(f"/api/runs/{waiting[0]}").json()["state"] == "cancelled"
        assert app.queue_run()


def test_runs_are_made_in_the_order_they_were_asked_so_many_at_a_time(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.05)
    asked = [REQUEST.model_copy(update={"prompt": f"Who is number {n}?"}) for n in range(6)]
    run_ids = [app.queue_run(request) for request in asked]
    eventually(lambda: all(app.state(run_id) == "done" for run_id in run_ids))
    assert worker.most_running == 2
    first = [asked.index(request) for request in worker.asked]
    assert sorted(first) == list(range(6)) and all(later > earlier - 2 for earlier, later in pairwise(first)), first
    for request, run_id in zip(asked, run_ids, strict=True):
        assert app.frames(run_id).content == b"".join(recording(request))


def test_no_page_supersedes_a_background_run_and_nobodys_leaving_ends_it(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=20), pause_s=0.05)
    run_id = app.queue_run(page="tab-1")
    with app.stream("GET", f"/api/runs/{run_id}/frames") as answer:
        next(answer.iter_lines())  # and leave
    worker.script = Script()
    for _ in range(2):
        assert app.post_run(page="tab-1").content == b"".join(recording())
    assert app.frames(run_id).content == b"".join(recording(n_steps=20))
    assert app.state(run_id) == "done" and worker.left == []
    assert worker.pages == [None, "tab-1", "tab-1"]


def test_a_tail_begins_after_the_frame_that_is_known(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=12), pause_s=0.1)
    run_id, whole = app.queue_run(), recording(n_steps=12)
    eventually(lambda: _told(app, run_id)["n_frames"] > 4)
    tails = {after: Tail(app, run_id, after=after) for after in (-1, 0, 3, 7, len(whole), 2**31 - 2)}
    for after, tail in tails.items():
        assert tail.whole() == whole[after + 1 :], after
        assert tail.headers and tail.headers["x-attempt"] == "1"
    for after in (-1, 0, 3, len(whole) - 1, 99):  # the same from the database
        assert app.frames(run_id, after=after).content == b"".join(whole[after + 1 :])
        assert app.frames(run_id, after=after, attempt=1).content == b"".join(whole[after + 1 :])
    assert app.frames(run_id, after=3, attempt=2).content == b"".join(whole), "of another attempt: from the beginning"
    slug = app.slug(run_id)
    assert app.frames(run_id, after=3).content == b"".join(whole[4:]) and slug, "and from a recording"


async def test_lines_are_found_from_any_place_on_however_they_were_written(settings: Settings) -> None:
    database = Database(settings.database)
    await database.open()
    store, claim = RunStore(database), Claim("r" * 22, "a" * 22)
    lines = [b'{"seq":%d}\n' % seq for seq in range(40)]
    await store.add(claim, REQUEST)
    assert await store.lines(claim.run_id, 0) == Stretch(1, "running", [], whole=True)
    first = 0
    for n in (1, 3, 2, 5, 1) * 3:
        await store.append(claim, lines[first : first + n], first=first, progress=RunProgress())
        first += n
    for since in (*range(first + 2), 2**31 - 1):
        found, whole = [], False
        while not whole:
            stretch = await store.lines(claim.run_id, since + len(found))
            assert stretch
            found, whole = found + stretch.lines, stretch.whole
        assert found == lines[since:first], since
    with pytest.raises(TakenOver):
        await store.append(Claim(claim.run_id, "b" * 22), lines[:1], first=first, progress=RunProgress())
    await database.close()


def _slow_reader(app: Client, path: str) -> socket.socket:
    """Has read the answer's first byte, and lets the rest wait: the system holds less than it."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    reader.connect((app.base_url.host, app.base_url.port))
    reader.sendall(f"GET {path} HTTP/1.1\r\nHost: {app.base_url.netloc.decode()}\r\n\r\n".encode())
    assert reader.recv(1) == b"H"
    return reader


def test_readers_who_take_their_time_hold_no_connection_to_the_database(app: Client, worker: ScriptedWorker) -> None:
    start_, *_, done = recording()
    big = frames.Latents(seq=0, arm=0, dictionary="scripted-sae", pos=0, counts=(), index_bytes=2, data="A" * 200_000)
    order = [start_, *[big.model_dump_json().encode() + b"\n"] * 40, done]
    worker.script = Script([_numbered(line, seq) for seq, line in enumerate(order)])
    run_id = app.post_run().headers["x-run-id"]
    with ExitStack() as slow:
        for _ in range(20):  # more than the connections that there are
            slow.enter_context(_slow_reader(app, f"/api/runs/{run_id}/frames"))
        assert app.state(run_id) == "done" and app.post_run().status_code == 200


def test_without_waiting_the_frames_are_those_that_are_written_down(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=400), pause_s=0.05)
    run_id = app.queue_run()
    eventually(lambda: _told(app, run_id)["n_frames"] > 4)
    so_far = app.frames(run_id, wait=False).content.splitlines(keepends=True)
    assert 4 < len(so_far) < 400
    assert so_far == recording(n_steps=400)[: len(so_far)]
    app.delete(f"/api/runs/{run_id}")


@pytest.mark.parametrize("query", [{"after": -2}, {"after": 2**31}, {"attempt": -1}, {"wait": "perhaps"}])
def test_a_tail_refuses_what_is_no_place(app: Client, query: dict[str, object]) -> None:
    answer = app.frames(app.post_run().headers["x-run-id"], **query)
    assert answer.status_code == 422 and answer.json()["refusal"]["code"] == "invalid_request"


def test_stopping_the_app_ends_tails_and_puts_background_runs_back_at_once(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(recording(n_steps=100), pause_s=0.05)
    with start(settings) as app:
        going, waiting = app.queue_run(), [app.queue_run() for _ in range(3)]
        tails = [Tail(app, run_id) for run_id in (going, waiting[-1])]
        eventually(lambda: _told(app, going)["n_frames"] > 2)
    for tail in tails:
        assert not any(b'"error"' in line for line in tail.whole())
    assert execute(settings, "select distinct state, owner, n_frames from runs") == [("queued", None, 0)]
    assert execute(settings, "select count(*) from frames") == [(0,)] == execute(settings, "select count(*) from apps")
    worker.script = Script()
    with start(settings) as app:
        for run_id in (going, *waiting):
            assert app.frames(run_id).content == b"".join(recording())
        assert _told(app, going)["attempt"] == 2, "its frames were seen, so these are others"
        assert _told(app, waiting[-1])["attempt"] == 1


def test_a_waiting_run_is_cancelled_at_once(settings: Settings) -> None:
    with start(settings.model_copy(update={"background_runs": 0})) as app:
        run_id = app.queue_run()
        tail = Tail(app, run_id)
        answer = app.delete(f"/api/runs/{run_id}")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert _closing(tail.whole()).refusal.code == "cancelled"
        assert app.frames(run_id).content == b"".join(tail.lines)


def test_a_run_that_is_cancelled_leaves_the_worker_and_ends_its_tails(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=200), pause_s=0.05)
    run_id = app.queue_run()
    tail = Tail(app, run_id)
    eventually(lambda: tail.lines)
    answer = app.delete(f"/api/runs/{run_id}")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    eventually(lambda: worker.left)
    assert _closing(tail.whole()).refusal.code == "cancelled"
    assert app.frames(run_id).content == b"".join(tail.lines)
    with app.follow_run() as answer:  # an interactive one is ended the same way
        lines = answer.iter_lines()
        next(lines)
        app.delete(f"/api/runs/{answer.headers['x-run-id']}")
        assert '"cancelled"' in list(lines)[-1]


def test_a_run_that_has_ended_is_forgotten_on_request_and_its_finding_stays(
    app: Client, worker: ScriptedWorker
) -> None:
    unsaved, saved = (app.post_run().headers["x-run-id"] for _ in range(2))
    slug = app.slug(saved)
    for run_id in (unsaved, saved):
        answer = app.delete(f"/api/runs/{run_id}")
        assert answer.status_code == 204 and answer.content == b""
        for gone in (app.get(f"/api/runs/{run_id}"), app.frames(run_id), app.delete(f"/api/runs/{run_id}")):
            assert gone.status_code == 404 and gone.json()["refusal"]["code"] == "unknown_run"
    assert app.get(f"/api/findings/{slug}/recording").content == b"".join(recording())
    assert app.delete("/api/runs/nothing-like-an-id").status_code == 404


def test_progress_is_the_share_of_answers_and_controls_that_are_whole(app: Client, worker: ScriptedWorker) -> None:
    start_, prompt, *steps, first, second, third, done = recording(n_steps=40)  # three arms, two push prompt tokens
    control = frames.Control(seq=0, sweep=0, strength=1.0, refusal_logodds=(0.0,)).model_dump_json().encode() + b"\n"
    order = [start_, prompt, first, second, control, *steps, control, third, done]
    worker.script = Script([_numbered(line, seq) for seq, line in enumerate(order)], pause_s=0.05)
    run_id, told = app.queue_run(), {}
    eventually(lambda: told.update(_told(app, run_id)) or told["n_frames"] > 6)
    assert told["progress"] == 0.6
    app.frames(run_id)
    assert _told(app, run_id)["progress"] == 1.0


@pytest.mark.parametrize("file", sorted((ROOT / "tests/recordings").glob("*.jsonl")), ids=lambda file: file.name)
def test_what_a_whole_recording_promised_has_come(file: Path) -> None:
    progress = RunProgress()
    for line in file.read_bytes().splitlines(keepends=True):
        progress.see(json.loads(line)["kind"], line)
    assert progress.n_whole == progress.n_expected > 0


def _numbered(line: bytes, seq: int) -> bytes:
    frame = FRAME.validate_json(line)
    return frame.model_copy(update={"seq": seq}).model_dump_json().encode() + b"\n"


def test_a_line_that_is_missing_counts_as_a_lost_worker(app: Client, worker: ScriptedWorker) -> None:
    worker.script = Script([*recording()[:3], *recording()[4:]])
    answer = app.post_run()
    assert b"worker_lost" in answer.content.splitlines()[-1]
    assert app.state(answer.headers["x-run-id"]) == "cut"


def test_a_queued_request_that_can_no_longer_be_read_ends_and_the_next_one_is_made(
    settings: Settings, worker: ScriptedWorker
) -> None:
    with start(settings.model_copy(update={"background_runs": 0})) as app:
        old, new = app.queue_run(), app.queue_run()
    older = GenerateRequest(model="scripted", prompt="Hello").model_dump_json().replace("prompt", "words")
    execute(settings, "update runs set request = :request where id = :id", request=older, id=old)
    with start(settings) as app:
        assert app.frames(new).content == b"".join(recording())
        assert app.state(old) == "error"
        assert _closing(app.frames(old).content.splitlines(keepends=True)).refusal.code == "invalid_request"
