"""A live app on a free port with its own SQLite file, in a thread (`start`) or as a process (`spawn`)."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from app.main import create_app
from app.server import Server
from app.settings import ROOT, Settings
from protocol.canonical import canonical_json
from protocol.worker.studies import AwaitedRequest, RunRequest
from tests.app.databases import KINDS, Databases
from tests.app.frames import REQUEST
from tests.app.scripted_worker import Script, ScriptedWorker
from tests.conftest import unread_by_core

SLOW = set(
    "backup background exports fuzz hostile kills logs metrics notebook operate retention several_apps verification"
    " worker_process client entrance prefix settings limits api_docs world studies study_findings study_kills"
    " names encodings locked circuits circuit_findings circuit_notebook stories health".split()
)
"""Whose tests start apps or models of their own, or try many things."""


ON_BOTH = set("backup background findings fuzz hostile pairs retention runs several_apps studies upgrade".split())
"""Whose tests are about what is remembered, or try every route: they run on Postgres too."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if unread_by_core(collection_path, config) and _noun(collection_path) in SLOW else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """SQLite alone, and without the slow ones, is core."""
    kept, spared = [], []
    for item in items:
        ours = Path(__file__).parent in item.path.parents
        noun, kind = _noun(item.path), _kind_of(item)
        (spared if ours and kind == "postgres" and noun not in ON_BOTH else kept).append(item)
        if ours and noun not in SLOW and kind != "postgres":
            item.add_marker(pytest.mark.core)
    items[:] = kept
    config.hook.pytest_deselected(items=spared)


def _noun(path: Path) -> str:
    return path.stem.removeprefix("test_")


def _kind_of(item: pytest.Item) -> str | None:
    """Of the database that a test runs on, where it has one."""
    return item.callspec.params.get("kind") if hasattr(item, "callspec") else None


PATIENCE_S = 60.0
"""What is waited for before a test fails: where everything runs at once, seconds become tens."""


class Client(httpx2.Client):
    """A browser, as far as the app can tell."""

    def __init__(self, base_url: httpx2.URL | str, timeout: float = PATIENCE_S) -> None:
        super().__init__(base_url=base_url, timeout=timeout, trust_env=False, verify=False)  # no TLS: saves 30 ms

    def post_run(self, request: RunRequest = REQUEST, **query: str) -> httpx2.Response:
        """The whole answer; its `content` is the recording."""
        return self.post("/api/runs", params=query, content=canonical_json(request))

    @contextmanager
    def follow_run(self, request: AwaitedRequest = REQUEST, **query: str) -> Iterator[httpx2.Response]:
        with self.stream("POST", "/api/runs", params=query, content=canonical_json(request)) as answer:
            yield answer

    def queue_run(self, request: RunRequest = REQUEST, **query: str) -> str:
        """The id of a background run."""
        answer = self.post_run(request, lane="background", **query)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def frames(self, run_id: str, **query: object) -> httpx2.Response:
        """The whole answer, which ends with the run."""
        return self.get(f"/api/runs/{run_id}/frames", params=query)

    def save(self, run_id: str, **more: object) -> httpx2.Response:
        """Its answer is a `Saved`."""
        return self.post("/api/findings", json={"run_id": run_id, "title": "A finding", **more})

    def slug(self, run_id: str, **more: object) -> str:
        """Of a new finding."""
        return self.save(run_id, **more).json()["finding"]["slug"]

    def state(self, run_id: str) -> str:
        return self.get(f"/api/runs/{run_id}").json()["state"]


@contextmanager
def start(settings: Settings) -> Iterator[Client]:
    """Runs the app in a thread, and stops it as SIGTERM would."""
    server = Server(create_app(settings), settings.model_copy(update={"port": 0}), log_level="warning")
    thread = threading.Thread(target=server.run)
    thread.start()
    eventually(lambda: server.started or not thread.is_alive())
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        with Client(f"http://127.0.0.1:{port}") as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)


def one_by_one(app: Client, worker: ScriptedWorker) -> list[bytes]:
    """The lines of a run whose worker says each once the one before it has arrived here: an app that kept one back
    would wait for ever."""
    said = threading.Semaphore(1)
    worker.script = Script(in_turn=said)
    lines = []
    with app.follow_run() as answer:
        for line in answer.iter_lines():
            lines.append(line.encode() + b"\n")
            said.release()
    return lines


class Tail(threading.Thread):
    """Follows a run's frames in a thread of its own. `lines`: what came so far, as it came."""

    def __init__(self, app: Client, run_id: str, **query: object) -> None:
        super().__init__(daemon=True)
        self.lines: list[bytes] = []
        self.headers: httpx2.Headers | None = None
        self._base_url, self._run_id, self._query = app.base_url, run_id, query
        self.start()
        eventually(lambda: self.headers is not None or not self.is_alive())

    def run(self) -> None:
        with (
            Client(self._base_url) as client,
            client.stream("GET", f"/api/runs/{self._run_id}/frames", params=self._query) as answer,
        ):
            self.headers = answer.headers
            self.lines.extend(line.encode() + b"\n" for line in answer.iter_lines())

    def whole(self, within_s: float = PATIENCE_S) -> list[bytes]:
        """Waits for its end."""
        self.join(within_s)
        assert not self.is_alive(), "the tail did not end"
        return self.lines


def eventually(true: Callable[[], object], within_s: float = PATIENCE_S) -> float:
    """Waits until it is true; returns for how long, in seconds."""
    started = time.monotonic()
    while not true():
        assert time.monotonic() - started < within_s, "it never came true"
        time.sleep(0.01)
    return time.monotonic() - started


class Spawned:
    """`python -m app` as a child process."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        with_port = {"PORT": "0", "HOST": "127.0.0.1", "DATA_DIR": str(data_dir), **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            cwd=ROOT,
            env={**os.environ, **with_port},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        threading.Thread(target=lambda: self.log.extend(self.process.stderr or ()), daemon=True).start()
        try:
            eventually(lambda: self._url() or self.process.poll() is not None)
        except AssertionError:
            self.kill()
            raise
        self.client = Client(self._url())

    def _url(self) -> str:
        said = [line for line in list(self.log) if "running on http" in line]
        return said[0].split("running on ")[1].split()[0] if said else ""

    def health(self) -> dict[str, object]:
        return self.client.get("/healthz").json()

    def worker_pids(self) -> list[int]:
        """Of every worker it has started, in that order."""
        return [int(line.split("process ")[1]) for line in list(self.log) if "worker: started, process" in line]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def spawn_on(tmp_path: Path) -> Iterator[Callable[..., Spawned]]:
    """Starts apps with given settings, each as a process of its own; ends those that still run."""
    spawned: list[Spawned] = []

    def one(settings: Settings, **environment: str) -> Spawned:
        same = {
            "DATABASE_URL": settings.database,
            "HALLUCINOSCOPE_WORKER_URL": settings.worker_url or "",
            "HALLUCINOSCOPE_LEASE_S": str(settings.lease_s),
        }
        spawned.append(Spawned(settings.data_dir, **same, **environment))
        return spawned[-1]

    yield one
    for each in spawned:
        if each.process.poll() is None:
            each.kill()


@pytest.fixture(scope="module")
def live_worker() -> Iterator[ScriptedWorker]:
    scripted = ScriptedWorker()
    yield scripted
    scripted.close()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    made = Databases()
    yield made
    made.close()


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Of the database; see ON_BOTH."""
    return request.param


@pytest.fixture(scope="module")
def live(
    live_worker: ScriptedWorker, tmp_path_factory: pytest.TempPathFactory, databases: Databases, kind: str
) -> Iterator[Client]:
    """One app for all tests of a file."""
    data_dir, database_url = tmp_path_factory.mktemp("data"), databases.new(kind)
    with start(Settings(data_dir=data_dir, worker_url=live_worker.listen(), database_url=database_url)) as client:
        yield client


@pytest.fixture
def worker(live_worker: ScriptedWorker) -> ScriptedWorker:
    """The file's worker as if it were new: a test may change it."""
    live_worker.reset()
    return live_worker


@pytest.fixture
def app(live: Client, worker: ScriptedWorker) -> Client:
    """The file's app, with whatever earlier tests left in its database."""
    return live


@pytest.fixture
def settings(worker: ScriptedWorker, tmp_path: Path, databases: Databases, kind: str) -> Settings:
    """For an app of one's own: `with start(settings) as app`."""
    return Settings(data_dir=tmp_path / "data", worker_url=worker.listen(), database_url=databases.new(kind))


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator[Callable[..., Spawned]]:
    """Starts apps that supervise a scripted worker; ends those that still run."""
    spawned: list[Spawned] = []

    def one(*worker_options: str, **environment: str) -> Spawned:
        command = [sys.executable, "-m", "tests.app.scripted_worker", *worker_options]
        environment.setdefault("HALLUCINOSCOPE_WORKER_COMMAND", json.dumps(command))
        spawned.append(Spawned(tmp_path / "data", **environment))
        return spawned[-1]

    yield one
    for each in spawned:
        if each.process.poll() is None:
            each.kill()
