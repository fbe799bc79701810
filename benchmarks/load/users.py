"""Users who drag sliders at 10 Hz, one background run after another, and somebody who asks /health all the while.

A user asks for value after value of one slider without waiting; each value supersedes the one before. Half of the
users leave a stream when they ask for the next, the others leave it open and must be told. Then the slider is
released, and its last value is read to the end. Knows nothing about what is allowed.
"""

import asyncio
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.load import requests
from benchmarks.load.checks import Memory, memory
from benchmarks.load.client import BACKGROUND_S, PATIENCE_S, Stream, answer, get, kind_of
from benchmarks.load.process import Worker

EVERY_S, PROBE_EVERY_S = 0.1, 0.05
SETTLING_S = 60.0
N_SLIDERS = 24  # kinds of them


class Run:
    """One value's stream."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked_at = time.monotonic()
        self.newer_at: float | None = None  # when the next value was asked
        self.first_s: float | None = None
        self.whole_s: float | None = None
        self.lines: list[bytes] = []
        self.task: asyncio.Task[None] | None = None


@dataclass
class Found:
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    superseded_s: list[float] = field(default_factory=list)
    lasts: list[Run] = field(default_factory=list)
    background_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    lag_s: list[float] = field(default_factory=list)
    most_running: int = 0
    most_rows: int = 0


class Load:
    """All users of one sitting."""

    def __init__(self, worker: Worker, card: dict, n_users: int, seed: int, obeyed_s: float) -> None:
        self._worker = worker
        self._card = card
        self._n_users = n_users
        self._seed = seed
        self._obeyed_s = obeyed_s
        self._until = 0.0
        self.took_s = 0.0
        self.found = Found()

    async def during(self, seconds: float) -> Memory:
        """Users stop when their last value is answered. What memory the worker used when it had settled."""
        began = time.monotonic()
        self._until = began + seconds
        async with asyncio.TaskGroup() as beside:
            others = [beside.create_task(self._background()), beside.create_task(self._prober())]
            async with asyncio.TaskGroup() as users:
                for user in range(self._n_users):
                    users.create_task(self._user(user))
                await asyncio.sleep(min(SETTLING_S, seconds / 2))
                settled = await memory(self._worker)
            while not self.found.background_s and time.monotonic() < self._until + PATIENCE_S:
                await asyncio.sleep(0.05)
            self.took_s = time.monotonic() - began
            for task in others:
                task.cancel()
        return settled

    async def _user(self, user: int) -> None:
        rng = random.Random(f"{self._seed} {user}")
        page, leaves = f"u{user}", user % 2 == 0
        await asyncio.sleep(rng.uniform(0, 2))
        async with asyncio.TaskGroup() as streams:
            while time.monotonic() < self._until:
                run: Run | None = None
                at = time.monotonic()
                for content in requests.slider(self._card, rng.randrange(N_SLIDERS), rng).values(rng):
                    older, run = run, Run(content)
                    if older is not None:
                        older.newer_at = run.asked_at
                        if leaves and older.task and older.task.cancel():
                            self.found.ends["left"] += 1
                    run.task = streams.create_task(self._follow(run, page))
                    at += EVERY_S
                    await asyncio.sleep(at - time.monotonic())
                assert run and run.task
                await run.task
                self.found.lasts.append(run)
                await asyncio.sleep(rng.uniform(0, 2))

    async def _follow(self, run: Run, page: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                stream = await Stream.open(self._worker.address)
                try:
                    stream.ask(f"/v1/generate?page={page}", run.content)
                    async for line in stream.lines():
                        if run.first_s is None and kind_of(line) == "step":
                            run.first_s = time.monotonic() - run.asked_at
                        run.lines.append(line)
                finally:
                    stream.close()
        except (OSError, EOFError, ValueError) as error:
            self._ended(run, f"cut by {type(error).__name__}", False)
        else:
            self._end(run, stream.status)

    def _end(self, run: Run, status: int) -> None:
        now, last = time.monotonic(), json.loads(run.lines[-1])
        code = last["refusal"]["code"] if "refusal" in last else ""
        in_order = status != 200 or last["seq"] == len(run.lines) - 1
        if (status, last.get("kind")) == (200, "done"):
            run.whole_s = now - run.asked_at
            obeyed = run.newer_at is None or now - run.newer_at < self._obeyed_s
            self._ended(run, "done" if obeyed else "done in spite of a newer one", in_order and obeyed)
        elif code == "superseded" and status in (200, 409) and run.newer_at is not None:
            self.found.superseded_s.append(now - run.newer_at)
            self._ended(run, "superseded", in_order)
        else:
            self._ended(run, f"status {status} {last.get('kind', '')} {code}", False)
        if run.newer_at is not None:
            run.lines.clear()

    def _ended(self, run: Run, how: str, well: bool) -> None:
        self.found.ends[how] += 1
        if not well:
            self.found.wrong.append(how)

    async def _background(self) -> None:
        rng = random.Random(f"{self._seed} background")
        while True:
            began = time.monotonic()
            status, lines = await answer(
                self._worker.address, "/v1/generate?lane=background", requests.background(self._card, rng), BACKGROUND_S
            )
            if status == 200 and kind_of(lines[-1]) == "done":
                self.found.background_s.append(time.monotonic() - began)
            else:
                self.found.wrong.append(f"background: {status} {lines[-1][:200]!r}")
                await asyncio.sleep(1)

    async def _prober(self) -> None:
        while True:
            began = time.monotonic()
            health = await get(self._worker.address, "/health")
            self.found.health_s.append(time.monotonic() - began)
            self.found.most_running = max(self.found.most_running, health["running"])
            self.found.most_rows = max(self.found.most_rows, health["engine"]["rows"])
            began = time.monotonic()
            await asyncio.sleep(PROBE_EVERY_S)
            self.found.lag_s.append(time.monotonic() - began - PROBE_EVERY_S)
