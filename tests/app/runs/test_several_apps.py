"""Several apps on one database: each run has one that makes it, and none stays under way when that one is gone."""

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.settings import Settings
from protocol.worker.frames import FRAME, Error
from tests.app.conftest import PATIENCE_S, Client, Spawned, Tail, eventually, start
from tests.app.databases import execute
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker

SpawnOn = Callable[..., Spawned]


def _with(settings: Settings, **changed: object) -> Settings:
    return settings.model_copy(update=changed)


def test_each_queued_run_is_made_once(settings: Settings, worker: ScriptedWorker) -> None:
    worker.script = Script(pause_s=0.01)
    asked = [REQUEST.model_copy(update={"prompt": f"Who is number {n}?"}) for n in range(24)]
    with start(settings) as one, start(settings) as two, start(settings) as three:
        run_ids = [(one, two, three)[n % 3].queue_run(request) for n, request in enumerate(asked)]
        eventually(lambda: all(one.state(run_id) == "done" for run_id in run_ids))
        told = [two.get(f"/api/runs/{run_id}").json() for run_id in run_ids]
        assert [run["attempt"] for run in told] == [1] * 24
        for request, run_id in zip(asked, run_ids, strict=True):
            assert three.frames(run_id).content == b"".join(recording(request))
    prompts = [request.prompt for request in worker.asked]
    assert sorted(prompts) == sorted(request.prompt for request in asked)


def test_a_run_is_followed_and_ended_through_another_app_than_the_one_that_makes_it(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(recording(n_steps=200), pause_s=0.05)
    with start(settings) as making, start(_with(settings, background_runs=0)) as other:
        run_id = other.queue_run()
        tail, late = Tail(other, run_id), Tail(other, run_id, after=5)
        eventually(lambda: len(tail.lines) > 20)
        answer = other.delete(f"/api/runs/{run_id}")
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        eventually(lambda: worker.left)
        eventually(lambda: other.state(run_id) == "cancelled")
        lines = tail.whole()
        assert lines[:20] == recording(n_steps=200)[:20] and b'"cancelled"' in lines[-1]
        assert late.whole() == lines[6:]
        assert making.frames(run_id).content == b"".join(lines)
        with making.follow_run() as answer:  # an interactive run too
            interactive = answer.headers["x-run-id"]
            reading = answer.iter_lines()
            next(reading)
            other.delete(f"/api/runs/{interactive}")
            assert '"cancelled"' in list(reading)[-1]
        assert other.state(interactive) == "cancelled"


def test_a_newer_run_of_a_page_ends_the_older_one_that_came_through_another_app(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(recording(n_steps=200), pause_s=0.05)
    with start(settings) as one, start(settings) as two, one.follow_run(page="tab-1") as older:
        lines = older.iter_lines()
        next(lines)
        worker.script = Script()
        assert two.post_run(page="tab-1").content == b"".join(recording())
        last = FRAME.validate_json(list(lines)[-1])
        assert isinstance(last, Error) and last.refusal.code == "superseded"
        assert one.state(older.headers["x-run-id"]) == "error"


def test_runs_of_an_app_that_was_killed_are_taken_over_within_the_lease(
    settings: Settings, worker: ScriptedWorker, spawn_on: SpawnOn
) -> None:
    worker.script = Script(recording(n_steps=200), pause_s=0.05)
    settings = _with(settings, lease_s=1.5)
    dying = spawn_on(settings)
    background = dying.client.queue_run()
    with dying.client.follow_run() as answer:
        interactive = answer.headers["x-run-id"]
        reading = answer.iter_lines()
        next(reading)
        eventually(lambda: dying.client.get(f"/api/runs/{background}").json()["n_frames"] > 3)
        with start(_with(settings, background_runs=0)) as other:
            tail = Tail(other, background)
            eventually(lambda: tail.lines)
            dying.kill()
            eventually(lambda: other.state(interactive) == "cut")
            eventually(lambda: other.state(background) == "queued")
            worker.script = Script()
            with start(settings):
                lines = tail.whole()
            again = lines.index(recording()[0], 1)
            assert lines[:again] == recording(n_steps=200)[:again] and lines[again:] == recording()
            assert other.get(f"/api/runs/{background}").json()["attempt"] == 2
    assert execute(settings, "select count(*) from apps") == [(0,)]


def test_an_app_that_was_only_thought_dead_stops_relaying_and_writes_no_more(
    settings: Settings, worker: ScriptedWorker, spawn_on: SpawnOn
) -> None:
    worker.script = Script(recording(n_steps=400), pause_s=0.05)
    settings = _with(settings, lease_s=1.5)
    frozen = spawn_on(settings)
    background = frozen.client.queue_run()
    received: list[bytes] = []
    interactive: list[str] = []

    def read() -> None:
        with Client(frozen.client.base_url, timeout=30) as client, client.follow_run() as answer:
            interactive.append(answer.headers["x-run-id"])
            received.append(answer.read())

    reader = threading.Thread(target=read)
    reader.start()
    eventually(lambda: interactive and frozen.client.get(f"/api/runs/{background}").json()["n_frames"] > 3)
    with start(settings) as other:
        os.kill(frozen.process.pid, signal.SIGSTOP)
        worker.script = Script(recording(n_steps=20), pause_s=0.05)
        eventually(lambda: other.state(interactive[0]) == "cut")
        cut = other.frames(interactive[0]).content
        eventually(lambda: other.get(f"/api/runs/{background}").json()["attempt"] == 2)
        os.kill(frozen.process.pid, signal.SIGCONT)
        reader.join(PATIENCE_S)
        assert not reader.is_alive() and b"taken_over" in received[0].splitlines()[-1]
        assert other.frames(background).content == b"".join(recording(n_steps=20))
        assert (other.state(background), other.state(interactive[0])) == ("done", "cut")
        assert other.frames(interactive[0]).content == cut and received[0].startswith(cut)
        eventually(lambda: worker.running == 0)
        assert frozen.client.post_run().status_code == 200, "and lives on"
        assert frozen.client.state(interactive[0]) == "cut"


def test_a_run_without_an_owner_or_with_one_that_never_was_is_taken_over_at_once(settings: Settings) -> None:
    with start(settings) as app:
        run_ids = [app.post_run().headers["x-run-id"] for _ in range(3)]
    owners = (None, "never-was")
    for run_id, owner in zip(run_ids, owners, strict=False):
        execute(settings, "update runs set state = 'running', owner = :owner where id = :id", owner=owner, id=run_id)
    with start(settings) as app:
        assert [app.state(run_id) for run_id in run_ids] == ["cut", "cut", "done"]


def test_a_run_whose_end_could_not_be_written_does_not_stay_under_way(settings: Settings) -> None:
    with start(settings) as app:
        run_id = app.post_run().headers["x-run-id"]
        [(owner,)] = execute(settings, "select id from apps")
        execute(settings, "update runs set state = 'running', owner = :owner where id = :id", owner=owner, id=run_id)
        eventually(lambda: app.state(run_id) == "cut")


def test_a_living_app_keeps_its_runs_longer_than_a_lease(settings: Settings, worker: ScriptedWorker) -> None:
    worker.script = Script(recording(n_steps=90), pause_s=0.1)
    settings = _with(settings, lease_s=4)  # a busy machine is late by seconds with what keeps it
    with start(settings) as one, start(_with(settings, background_runs=0)) as two:
        run_id = two.queue_run()
        assert one.post_run().content == b"".join(recording(n_steps=90))
        assert two.frames(run_id).content == b"".join(recording(n_steps=90))
        assert two.get(f"/api/runs/{run_id}").json()["attempt"] == 1


def test_many_apps_ask_cancel_save_and_forget_at_once_and_nothing_fails(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(pause_s=0.005)
    with start(settings) as one, start(settings) as two:

        def one_of_each(n: int) -> list[int]:
            here, there = (Client(app.base_url, timeout=30) for app in ((one, two), (two, one))[n % 2])
            with here, there:
                run = here.post_run()
                saved = there.save(run.headers["x-run-id"])
                queued = there.queue_run()
                cancelled = here.delete(f"/api/runs/{queued}") if n % 3 else here.frames(queued)
                forgotten = there.delete(f"/api/runs/{run.headers['x-run-id']}")
                recorded = here.get(f"/api/findings/{saved.json()['finding']['slug']}/recording")
                assert recorded.content == b"".join(recording())
                return [a.status_code for a in (run, saved, cancelled, forgotten)]

        with ThreadPoolExecutor(8) as pool:
            answers: list[Any] = list(pool.map(one_of_each, range(24)))
    for run, saved, cancelled, forgotten in answers:
        assert (run, saved, forgotten) == (200, 201, 204) and cancelled in (200, 202, 204)
    left = execute(settings, "select state, count(*) from runs group by state")
    assert {state for state, _ in left} <= {"done", "cancelled", "queued"}, left
