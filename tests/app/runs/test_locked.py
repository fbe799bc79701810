"""While another program holds the database: answers go on, what has to be written waits and says so, and nothing is
called a mistake of ours."""

import asyncio
import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from app.database import connection
from app.database.connection import Database, DatabaseBusy
from app.findings.store import FindingStore
from app.runs import recorder, relay
from app.runs.presence import Presence
from app.runs.store import Claim, RunStore
from app.settings import Settings
from tests.app.conftest import Client, Tail, eventually, start
from tests.app.frames import REQUEST, recording
from tests.app.scripted_worker import Script, ScriptedWorker

HELD_S = 2.5  # as 25 seconds are to the ten that a statement usually waits


@pytest.fixture(scope="module")
def kind() -> str:
    """Postgres has no one lock that everybody needs."""
    return "sqlite"


@pytest.fixture
def patient(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setattr(connection, "WAIT_MS", 300)
    monkeypatch.setattr(connection, "TELL_AFTER_S", 0.1)
    monkeypatch.setattr(recorder, "PATIENCE_S", 20.0)
    monkeypatch.setattr(relay, "_ADD_WITHIN_S", 0.2)
    with start(settings) as app:
        yield app


@contextmanager
def held(settings: Settings) -> Iterator[Callable[[], None]]:
    """By another writer. Gives what lets it go."""
    file = sqlite3.connect(settings.data_dir / "hallucinoscope.db", isolation_level=None, check_same_thread=False)
    file.execute("PRAGMA busy_timeout = 5000")
    file.execute("BEGIN IMMEDIATE")
    try:
        yield lambda: file.in_transaction and file.rollback()
    finally:
        file.close()


def test_a_run_is_answered_at_once_and_recorded_when_the_database_is_free(
    patient: Client, settings: Settings, worker: ScriptedWorker
) -> None:
    lines: list[bytes] = []
    with held(settings) as let_go:
        began = time.monotonic()
        threading.Timer(HELD_S, let_go).start()
        with patient.follow_run() as run:
            for line in run.iter_lines():
                if not lines:
                    assert time.monotonic() - began < HELD_S, "its answer doesn't wait"
                lines.append(line.encode() + b"\n")
        assert time.monotonic() - began >= HELD_S, "its last line does"
    assert lines == recording()
    assert patient.frames(run.headers["x-run-id"]).content == b"".join(lines)
    assert patient.save(run.headers["x-run-id"]).status_code == 201


def test_a_run_that_is_under_way_goes_on(patient: Client, settings: Settings, worker: ScriptedWorker) -> None:
    whole = recording(n_steps=60)
    worker.script = Script(whole, pause_s=0.05)
    arrived: list[float] = []
    with patient.follow_run() as run:
        lines = run.iter_lines()
        told = [next(lines) for _ in range(20)]
        with held(settings) as let_go:
            threading.Timer(HELD_S, let_go).start()
            for line in lines:
                arrived.append(time.monotonic())
                told.append(line)
    assert [line.encode() + b"\n" for line in told] == whole
    assert max(late - soon for soon, late in itertools.pairwise(arrived[:-1])) < HELD_S
    assert patient.state(run.headers["x-run-id"]) == "done"


def test_a_background_run_goes_on_and_so_does_its_reader(
    patient: Client, settings: Settings, worker: ScriptedWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = recording(n_steps=40)
    worker.script = Script(whole, pause_s=0.05)
    run_id = patient.queue_run()
    eventually(lambda: patient.state(run_id) == "running")
    tail, plain, n_asked = Tail(patient, run_id), RunStore.lines, 0

    async def busy(store: RunStore, run_id: str, since: int) -> object:
        nonlocal n_asked
        n_asked += 1
        if n_asked < 4:
            raise DatabaseBusy
        return await plain(store, run_id, since)

    monkeypatch.setattr(RunStore, "lines", busy)
    with held(settings) as let_go:
        time.sleep(HELD_S)
        let_go()
    assert tail.whole() == whole and n_asked >= 4
    assert patient.state(run_id) == "done" and patient.get(f"/api/runs/{run_id}").json()["attempt"] == 1


def test_a_background_run_is_taken_as_soon_as_the_database_is_free(patient: Client, settings: Settings) -> None:
    with held(settings) as let_go:
        began = time.monotonic()
        threading.Timer(HELD_S, let_go).start()
        asked = patient.post_run(lane="background")
        assert asked.status_code == 202 and time.monotonic() - began >= HELD_S
    eventually(lambda: patient.state(asked.json()["id"]) == "done")


def test_who_can_not_wait_is_told_when_to_come_back_and_what_is_read_is_read(
    patient: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = patient.post_run().headers["x-run-id"]
    monkeypatch.setattr(recorder, "PATIENCE_S", 0.1)
    with held(settings):
        for refused in (
            patient.save(run_id),
            patient.post_run(lane="background"),
            patient.delete(f"/api/runs/{run_id}"),
        ):
            assert refused.status_code == 503 and int(refused.headers["retry-after"]) > 0
            refusal = refused.json()["refusal"]
            assert refusal["code"] == "database_busy" and "mistake" not in refused.text
        assert patient.get("/findings").status_code == 200 == patient.get(f"/api/runs/{run_id}").status_code
    assert patient.save(run_id).status_code == 201


def test_a_page_that_can_not_be_drawn_says_so_too(patient: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise DatabaseBusy

    monkeypatch.setattr(FindingStore, "findings", busy)
    page = patient.get("/findings")
    assert page.status_code == 503 and "retry-after" in page.headers
    assert "held by another program" in page.text and "mistake" not in page.text


def test_health_says_that_something_waits_for_the_database(patient: Client, settings: Settings) -> None:
    assert patient.get("/healthz").json()["database"] == "ready"
    with held(settings):
        waiting = threading.Thread(target=patient.post_run, kwargs={"lane": "background"})
        waiting.start()
        eventually(lambda: patient.get("/healthz").json()["database"] == "busy")
        told = patient.get("/healthz").json()
        assert told["ready"] and "held by another program" in told["detail"]
        waiting.join()
        assert patient.get("/healthz").json()["database"] == "busy", "also between two tries"
    patient.post_run()
    eventually(lambda: patient.get("/healthz").json()["database"] == "ready")


def test_a_lock_that_outlasts_all_patience_ends_a_run_with_its_reason(
    patient: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "PATIENCE_S", 0.5)
    with held(settings):
        last = json.loads(patient.post_run().content.splitlines()[-1])
    assert last["kind"] == "error" and last["refusal"]["code"] == "database_busy"
    assert "mistake" not in str(last)


def test_an_app_that_was_held_up_itself_takes_nobody_for_dead(settings: Settings) -> None:
    """All apps on the database were: whoever wrote first would take over the runs of all others."""

    async def beats() -> list[str]:
        database = Database(settings.database)
        await database.open()
        ours, other = Presence(database, 0.4), Presence(database, 0.4)
        await other.beat(), await ours.beat()
        store = RunStore(database)
        await store.add(Claim("1" * 22, other.id), REQUEST)
        await asyncio.sleep(0.6)
        states = []
        for _ in range(2):
            await ours.beat()
            states.append((await store.run("1" * 22)).state)
        await database.close()
        return states

    assert asyncio.run(beats()) == ["running", "cut"]
