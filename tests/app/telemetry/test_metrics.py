"""What Prometheus is told: the numbers of what happened, and of the worker."""

import os
import signal
from collections.abc import Callable

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from app.settings import Settings
from tests.app.conftest import Client, Spawned, eventually, start
from tests.app.databases import execute
from tests.app.scripted_worker import Script, ScriptedWorker

TOKEN = "0123456789-of-the-operator"


@pytest.fixture(scope="module")
def kind() -> str:
    return "sqlite"


def _numbers(app: Client) -> dict[tuple[str, ...], float]:
    """By name and values of labels, in the order of the labels' names."""
    answer = app.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("hallucinoscope_"), *(sample.labels[name] for name in sorted(sample.labels))): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_never_by_address(settings: Settings) -> None:
    with start(settings) as app:
        for path in (
            "/f/1111111111",
            "/f/2222222222",
            "/api/findings?q=a",
            "/nothing/at/all",
            "/static/look/elements.css",
        ):
            app.get(path)
        app.request("BREW", "/api/findings")
        last = ("answer_bytes_total", "GET", "/static"), ("requests_total", "other", "/api/findings", "405")
        eventually(lambda: all(key in _numbers(app) for key in last))  # a request is counted behind its answer
        told = _numbers(app)
        assert told["requests_total", "GET", "/f/{slug}", "404"] == 2
        assert told["requests_total", "GET", "/api/findings", "200"] == 1
        assert told["requests_total", "GET", "none", "404"] == 1
        assert told["requests_total", "other", "/api/findings", "405"] == 1
        assert told["request_seconds_count", "GET", "/f/{slug}"] == 2
        assert 0 < told["request_seconds_sum", "GET", "/f/{slug}"] < 5
        size = len(app.get("/static/look/elements.css").content)
        assert told["answer_bytes_total", "GET", "/static"] == size
        assert not any("nothing" in part or "1111111111" in part or "BREW" in part for key in told for part in key)


def test_runs_and_findings_are_counted_by_what_became_of_them(settings: Settings, worker: ScriptedWorker) -> None:
    with start(settings) as app:
        saved = app.save(app.post_run().headers["x-run-id"]).json()
        slug = saved["finding"]["slug"]
        app.post(f"/api/findings/{slug}/verify")
        app.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": "wrong"})
        app.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": saved["delete_token"]})
        worker.script = Script(ending="torn")
        app.post_run()
        told = _numbers(app)
        assert (told["runs_total", "done"], told["runs_total", "cut"], told["runs_total", "cancelled"]) == (1, 1, 0)
        assert [told["findings_total", what] for what in ("saved", "verified", "deleted")] == [1, 1, 1]
        assert (told["runs_going",], told["streams",]) == (0, 0)


def test_what_is_going_on_now_is_counted_and_nothing_is_left_when_readers_leave(
    settings: Settings, worker: ScriptedWorker
) -> None:
    worker.script = Script(pause_s=0.2)
    with start(settings) as app:
        with app.follow_run() as one, app.follow_run() as two:
            lines = one.iter_lines(), two.iter_lines()
            assert all(next(each) for each in lines)
            told = _numbers(app)
            assert (told["runs_going",], told["streams",], told["worker_runs",]) == (2, 2, 2)
        eventually(lambda: _numbers(app)["streams",] == 0)
        eventually(lambda: _numbers(app)["runs_going",] == 0)
        assert _numbers(app)["runs_total", "cancelled"] == 2


def test_a_run_that_the_worker_refuses_never_began(settings: Settings, worker: ScriptedWorker) -> None:
    worker.close()
    with start(settings) as app:
        assert app.post_run().status_code == 503
        told = _numbers(app)
        assert told["requests_total", "POST", "/api/runs", "503"] == 1
        assert told["runs_going",] == 0 and sum(v for key, v in told.items() if key[0] == "runs_total") == 0


def test_the_workers_own_numbers_are_passed_on(settings: Settings, worker: ScriptedWorker) -> None:
    worker.engine = {"rows": 3, "queued": 2, "tokens": 1234, "kv_bytes": 2**20, "prompt_hits": 5, "prompt_misses": 6}
    worker.engine["of_a_newer_worker"] = 1
    with start(settings) as app:
        told = _numbers(app)
        assert told["worker_up",] == 1 and told["worker_restarts_total",] == 0
        assert told["worker_rows",] == 3 and told["worker_queued",] == 2
        assert told["worker_tokens_total",] == 1234 and told["worker_kv_bytes",] == 2**20
        assert told["worker_prompt_hits_total",] == 5 and told["worker_prompt_misses_total",] == 6
        assert ("worker_of_a_newer_worker",) not in told
        worker.ready = False
        assert _numbers(app)["worker_up",] == 0
        worker.close()
        told = _numbers(app)
        assert told["worker_up",] == 0 and ("worker_rows",) not in told


def test_a_worker_that_crashed_is_counted(spawn: Callable[..., Spawned]) -> None:
    app = spawn()
    eventually(lambda: app.health()["ready"])
    os.kill(app.worker_pids()[0], signal.SIGKILL)
    eventually(lambda: len(app.worker_pids()) == 2)
    assert _numbers(app.client)["worker_restarts_total",] == 1


def test_statements_that_the_database_refused_are_counted(settings: Settings) -> None:
    with start(settings) as app:
        assert _numbers(app)["database_errors_total",] == 0
        execute(settings, "alter table findings rename to elsewhere")
        assert app.get("/api/findings").status_code == 500
        assert _numbers(app)["database_errors_total",] == 1


def test_two_apps_in_one_process_count_apart(settings: Settings) -> None:
    with start(settings) as one, start(settings.model_copy(update={"data_dir": settings.data_dir / "two"})) as two:
        one.get("/api/findings")
        assert ("requests_total", "GET", "/api/findings", "200") in _numbers(one)
        assert ("requests_total", "GET", "/api/findings", "200") not in _numbers(two)


def test_without_a_token_the_numbers_are_told_on_this_machine_alone(settings: Settings) -> None:
    with start(settings) as app:
        assert app.get("/metrics").status_code == 200
        for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
            forwarded = app.get("/metrics", headers={header: "127.0.0.1"})
            assert forwarded.status_code == 403 and "hallucinoscope_" not in forwarded.text, header
    with start(settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)})) as app:
        assert app.get("/metrics", headers={"X-Forwarded-For": "203.0.113.1"}).status_code == 403


def test_with_a_token_whoever_brings_it_is_told(settings: Settings) -> None:
    with start(settings.model_copy(update={"operator_token": SecretStr(TOKEN)})) as app:
        for wrong in ({}, {"Authorization": "Bearer"}, {"Authorization": f"Basic {TOKEN}"}, {"X-Token": TOKEN}):
            refused = app.get("/metrics", headers=wrong)
            assert refused.status_code == 401 and refused.json()["refusal"]["change"]
            assert TOKEN not in refused.text
        right = {"Authorization": f"bearer  {TOKEN}", "X-Forwarded-For": "203.0.113.1"}
        assert app.get("/metrics", headers=right).status_code == 200
