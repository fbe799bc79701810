"""What of a run is written down, beside its stream. Knows the claim that it is made under, and nothing about workers.

1. lines wait until they are written, in one write at a time; nobody waits for it but who asks to
2. a database that another program holds makes no difference to that: what waits is written with the next
3. the end is written with patience, since who sees the last line may save the run
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from app.database.connection import DatabaseBusy
from app.runs.progress import RunProgress
from app.runs.store import Claim, RunStore
from protocol.app.runs import RunState
from protocol.worker.studies import RunRequest

PATIENCE_S = 60.0  # with a database that another program holds, when all else is done


_Written = TypeVar("_Written")


class Recorder:
    """`has_row`: there is one that names our claim. `progress`: as far as the lines say that were added. Whatever
    writes raises TakenOver where the claim holds no longer."""

    def __init__(self, store: RunStore, claim: Claim, request: RunRequest) -> None:
        self.has_row = False
        self.progress = RunProgress()
        self._store = store
        self._claim = claim
        self._request = request
        self._waiting: list[bytes] = []
        self._writing: asyncio.Task[None] | None = None
        self._n_written = 0

    def go_on(self, n_lines: int, progress: RunProgress) -> None:
        """So many are there already, of a study that was interrupted."""
        self._n_written, self.progress = n_lines, progress

    def add(self, line: bytes) -> None:
        self._waiting.append(line)

    def begin_write(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._append("running"))

    async def written(self, within_s: float | None = None) -> None:
        """Waits for the write that was begun, for that long; None: to its end. That the database is held is no
        error."""
        if self._writing is None:
            return
        done, _ = await asyncio.wait({self._writing}, timeout=within_s)
        if done:
            writing, self._writing = self._writing, None
            with contextlib.suppress(DatabaseBusy):
                writing.result()

    async def write(self, state: RunState) -> None:
        """All that waits, and how the run stands now. Raises DatabaseBusy when all patience is over."""
        await unbroken(self.written())
        await patient(lambda: unbroken(self._append(state)))

    async def _append(self, state: RunState) -> None:
        if not self.has_row:
            await self._store.add(self._claim, self._request)
            self.has_row = True
        lines = list(self._waiting)
        if lines or state != "running":
            await self._store.append(self._claim, lines, first=self._n_written, progress=self.progress, state=state)
        self._n_written += len(lines)
        self._waiting = self._waiting[len(lines) :]


async def patient(write: Callable[[], Awaitable[_Written]]) -> _Written:
    """Tried until the database is free. Raises DatabaseBusy when all patience is over."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await write()
        except DatabaseBusy:
            if time.monotonic() > until:
                raise


async def unbroken(write: Coroutine[None, None, None]) -> None:
    """Waits for the end of a write even when cancelled meanwhile; half a write would make the next one wrong."""
    writing = asyncio.ensure_future(write)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await writing
        raise
