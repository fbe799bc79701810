"""Kills the app, or its worker, at random moments under load, and looks each time whether anything was lost.

    python -m benchmarks.kills --times 200 --scripted
    python -m benchmarks.kills --times 40
    python -m benchmarks.kills --times 100 --scripted --postgres

1. people run, queue, save and take back, all at once, on a real `python -m app` that has a worker of its own
2. SIGKILL, to the app or to its worker, whenever it comes; a killed app is started again, a killed worker must come
   back by itself
3. the next run works; no run stays under way longer than a lease allows; every finding that was answered 201 is
   there with the same words and bytes, and every one that was answered 204 is gone; SQLite finds its file whole

Prints one JSON object, and ends with 1 if anything failed. --scripted: a worker without a model, which is ready at
once; where the app's own writes are what is interrupted, it serves as well as the real one.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from app.settings import Settings
from benchmarks.kills.people import AWAY, People, Promised, Promises, a_request
from tests.app.conftest import Spawned
from tests.app.databases import Databases, execute

LEASE_S = 1.0
SCRIPTED = (sys.executable, "-m", "tests.app.scripted_worker", "--pause-s", "0.02")

_LONGEST_LOAD_S = 1.5  # before a kill
_READY_S = 90.0
_OLDER = 15  # findings of earlier rounds that are looked at in each round; at the end, all are


class Trial:
    """An app on its database, people who use it, and somebody who kills it."""

    def __init__(self, data_dir: Path, *, scripted: bool, database_url: str | None = None, seed: int = 0) -> None:
        self.promises = Promises()
        self.failures: list[str] = []
        self.kills: Counter[str] = Counter()
        self.back_s: dict[str, list[float]] = {"app": [], "worker": []}
        self._data_dir = data_dir
        self._draw = random.Random(seed)
        self._settings = Settings(data_dir=data_dir, database_url=database_url, lease_s=LEASE_S)
        self._environment = {
            "DATABASE_URL": self._settings.database,
            "HALLUCINOSCOPE_LEASE_S": str(LEASE_S),
            "HALLUCINOSCOPE_WORKER_RESTART_S": "0.1",
        } | ({"HALLUCINOSCOPE_WORKER_COMMAND": json.dumps(SCRIPTED)} if scripted else {})
        self._app = self._started()
        self._model = self._next_run_works()

    def close(self) -> None:
        if self._app.process.poll() is None:
            self._app.stop()

    def round(self) -> None:
        """One kill under load, and what is looked at then."""
        victim = self._draw.choice(("app", "worker"))
        before = set(self.promises.kept)
        with People(self._app.client.base_url, self._model, self.promises, self._draw.random()):
            time.sleep(self._draw.uniform(0.1, _LONGEST_LOAD_S))
            killed_at = time.monotonic()
            if victim == "app":
                self._app.kill()
            else:
                with suppress(ProcessLookupError):  # it has not come back from the last time yet
                    os.kill(self._app.worker_pids()[-1], signal.SIGKILL)
        self.kills[victim] += 1
        if victim == "app":
            self._app = self._started()
        self._next_run_works()
        self.back_s[victim].append(time.monotonic() - killed_at)
        self._nothing_is_stuck()
        new = [slug for slug in self.promises.kept if slug not in before]
        older = [slug for slug in self.promises.kept if slug in before]
        self._promises_are_kept([*new, *self._draw.sample(older, min(_OLDER, len(older)))])
        self._file_is_whole()

    def finish(self) -> dict[str, Any]:
        """Waits for what is queued, looks at everything once more, and says how it went."""
        self._soon("the queue is empty", lambda: not self._count("state in ('queued', 'running')"), _READY_S)
        self._promises_are_kept(list(self.promises.kept))
        self._file_is_whole()
        stopped = self._app.stop()
        self._check(stopped in (0, -signal.SIGTERM), f"the app stopped with status {stopped}")
        self._check(not self._count("state in ('queued', 'running')"), "a run is under way though no app is")
        ended = execute(self._settings, "select lane, state, count(*) from runs group by lane, state")
        return {
            "kills": dict(self.kills),
            "findings": {"saved": len(self.promises.kept) + len(self.promises.unsure) + len(self.promises.deleted)}
            | {"deleted": len(self.promises.deleted), "deletions_unanswered": len(self.promises.unsure)},
            "runs": {f"{lane} {state}": n for lane, state, n in sorted(ended)},
            "answers": dict(self.promises.states),
            "next_run_after_s": {
                victim: {"median": round(statistics.median(took), 2), "most": round(max(took), 2)}
                for victim, took in self.back_s.items()
                if took
            },
            "failures": self.failures,
        }

    def _started(self) -> Spawned:
        app = Spawned(self._data_dir, **self._environment)
        if app.process.poll() is not None:
            raise RuntimeError("the app does not start:\n" + "".join(app.log[-30:]))
        return app

    def _next_run_works(self) -> str:
        """The id of the model that it ran on."""
        model = ""

        def one() -> bool:
            nonlocal model
            with suppress(*AWAY):
                model = self._app.client.get("/api/models").json()["models"][0]["id"]
                answer = self._app.client.post_run(a_request(model, "Who is next?"))
                return answer.status_code == 200 and b'"done"' in answer.content.splitlines()[-1]
            return False

        self._soon("the next run works", one, _READY_S)
        return model

    def _nothing_is_stuck(self) -> None:
        """Nobody follows any more, and one app lives: the one that said so last."""
        living = "(select id from apps order by heartbeat desc limit 1)"
        stuck = f"state = 'running' and (lane = 'interactive' or owner is null or owner != {living})"
        self._soon("no run is stuck", lambda: not self._count(stuck), 2 * LEASE_S + 1)

    def _count(self, which: str) -> int:
        return execute(self._settings, f"select count(*) from runs where {which}")[0][0]

    def _promises_are_kept(self, slugs: list[str]) -> None:
        for slug in slugs:
            self._is_there(self.promises.kept[slug])
        for slug, promised in list(self.promises.unsure.items()):
            if self._get(f"/api/findings/{slug}").status_code == 410:
                self.promises.deleted.add(self.promises.unsure.pop(slug).slug)
            else:
                self._is_there(promised)
        for slug in self._draw.sample(sorted(self.promises.deleted), min(5, len(self.promises.deleted))):
            status = self._get(f"/api/findings/{slug}").status_code
            self._check(status == 410, f"{slug} was deleted and answers {status}")

    def _is_there(self, promised: Promised) -> None:
        said = self._get(f"/api/findings/{promised.slug}")
        recording = self._get(f"/api/findings/{promised.slug}/recording")
        self._check(said.status_code == 200 and said.json() == promised.said, f"{promised.slug} says something else")
        same = hashlib.sha256(recording.content).hexdigest() == promised.sha256
        self._check(recording.status_code == 200 and same, f"{promised.slug} has other bytes")

    def _file_is_whole(self) -> None:
        if self._settings.database_url is None:
            with sqlite3.connect(self._data_dir / "hallucinoscope.db") as file:
                said = file.execute("pragma integrity_check").fetchall()
            file.close()
            self._check(said == [("ok",)], f"SQLite finds {said}")

    def _get(self, path: str) -> httpx2.Response:
        return self._app.client.get(path)

    def _soon(self, what: str, true: Callable[[], bool], within_s: float) -> None:
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > within_s:
                return self._check(False, f"not within {within_s:g} s: {what}")
            time.sleep(0.05)

    def _check(self, ok: bool, otherwise: str) -> None:
        if not ok:
            self.failures.append(f"after {self.kills.total()} kills: {otherwise}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill the app and its worker at random; see whether anything is lost.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--scripted", action="store_true", help="a worker without a model, ready at once")
    parser.add_argument("--postgres", action="store_true", help="on a Postgres of its own instead of SQLite")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    databases = Databases()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = databases.new("postgres" if options.postgres else "sqlite")
        trial = Trial(Path(folder), scripted=options.scripted, database_url=url, seed=options.seed)
        try:
            for n in range(options.times):
                trial.round()
                print(
                    f"\r{n + 1} of {options.times}, {len(trial.failures)} failures", end="", file=sys.stderr, flush=True
                )
            summary = vars(options) | trial.finish() | {"took_s": round(time.monotonic() - began)}
        finally:
            trial.close()
            databases.close()
    print(json.dumps(summary, indent=2))
    sys.exit(bool(summary["failures"]))


if __name__ == "__main__":
    main()
