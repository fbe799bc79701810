"""`python -m app` as a user starts it, with a scripted worker as its child."""

import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import Spawned, eventually
from tests.app.frames import recording

Spawn = Callable[..., Spawned]


def _alive(pid: int) -> bool:
    """False for a zombie too: an orphan's end is seen before anyone reaps it."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_app_answers_while_its_worker_still_loads(spawn: Spawn) -> None:
    app = spawn("--listens-after-s", "30")
    told = app.health()
    assert (told["ready"], told["worker"]) == (False, "starting")
    assert app.client.get("/").status_code == 200
    refused = app.client.post_run()
    assert refused.status_code == 503 and refused.json()["refusal"]["code"] == "no_worker"


def test_a_killed_worker_is_started_again_and_the_next_run_works(spawn: Spawn) -> None:
    app = spawn("--pause-s", "0.1")
    eventually(lambda: app.health()["ready"])
    with app.client.follow_run() as answer:
        lines = answer.iter_lines()
        next(lines)
        os.kill(app.worker_pids()[0], signal.SIGKILL)
        last = list(lines)[-1]
    assert "worker_lost" in last
    assert app.client.state(answer.headers["x-run-id"]) == "cut"
    eventually(lambda: app.health()["worker"] == "down" or len(app.worker_pids()) == 2)
    eventually(lambda: len(app.worker_pids()) == 2 and app.health()["ready"])
    assert app.client.post_run().content == b"".join(recording())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_stopping_the_app_ends_its_worker(spawn: Spawn, how: signal.Signals) -> None:
    app = spawn()
    eventually(lambda: app.health()["ready"])
    pid = app.worker_pids()[0]
    assert _alive(pid)
    assert app.stop(how) in (0, -how)
    assert not _alive(pid)
    assert not [line for line in app.log if "Traceback" in line]


def test_killing_the_app_ends_its_worker_and_cuts_its_runs(spawn: Spawn) -> None:
    app = spawn("--pause-s", "0.1")
    eventually(lambda: app.health()["ready"])
    pid = app.worker_pids()[0]
    with app.client.follow_run() as answer:
        run_id = answer.headers["x-run-id"]
        next(answer.iter_lines())
        app.kill()
    eventually(lambda: not _alive(pid))
    again = spawn(HALLUCINOSCOPE_LEASE_S="1")
    eventually(lambda: again.client.state(run_id) == "cut")
    eventually(lambda: again.health()["ready"])
    assert again.client.state(again.client.post_run().headers["x-run-id"]) == "done"


def test_a_worker_that_cannot_start_is_tried_again_with_growing_pauses(spawn: Spawn) -> None:
    command = json.dumps([sys.executable, "-c", "raise SystemExit(3)"])
    app = spawn(HALLUCINOSCOPE_WORKER_COMMAND=command, HALLUCINOSCOPE_WORKER_RESTART_S="0.1")
    eventually(lambda: len(app.worker_pids()) >= 4)
    told = app.health()
    assert (told["ready"], told["worker"]) == (False, "down") and "status 3" in str(told["detail"])
    pauses = [line.split("again after ")[1].split()[0] for line in app.log if "again after" in line]
    assert pauses[:3] == ["0.1", "0.2", "0.4"]


def test_an_app_that_cannot_listen_says_so_and_leaves_no_worker(spawn: Spawn) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        app = spawn(PORT=str(taken.getsockname()[1]))
        assert app.process.wait(60) != 0
    eventually(lambda: "address already in use" in "".join(app.log))
    assert not any(_alive(pid) for pid in app.worker_pids())
