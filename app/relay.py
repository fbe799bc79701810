"""One run: each line of the worker's stream is passed on unchanged, and recorded.

Knows nothing about HTTP, nor about other runs.

1. One task owns the run from the question to the last byte on disk; it alone talks to the worker.
2. A line is given to followers as it arrives, and written to the database with others, twice a second.
3. The last line, `done` or `error`, is written first and given second: who saw it can save the run.
4. Whoever leaves cancels the task, which closes the worker's connection before anything else.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine

from pydantic import BaseModel, ValidationError

from app.run_store import RunStore
from app.worker_client import WorkerClient, WorkerLost
from protocol.frames import Error
from protocol.refusal import Refusal, Refused
from protocol.requests import GenerateRequest
from protocol.runs import RunState

log = logging.getLogger(__name__)

_WRITE_EVERY_S = 0.5

_LOST = Refusal(
    code="worker_lost",
    asked="The worker was lost before the answer was complete.",
    allowed="What came before this line still holds.",
    change="Run it again; a worker that crashed is started again by itself.",
)
_FAILED = Refusal(
    code="not_recorded",
    asked="The app could not record this run.",
    allowed="What came before this line still holds, but it can't be saved.",
    change="Try again; if it happens again, tell whoever runs this app.",
)


class LiveRun:
    """The lines of a run so far. Any number may follow it, from its first line."""

    def __init__(self, run_id: str) -> None:
        self.id = run_id
        self.lines: list[bytes] = []
        self.ended = False
        self._more = asyncio.Event()

    def publish(self, line: bytes) -> None:
        self.lines.append(line)
        self._wake()

    def end(self) -> None:
        self.ended = True
        self._wake()

    async def follow(self) -> AsyncIterator[bytes]:
        n_given = 0
        while True:
            more = self._more
            while n_given < len(self.lines):
                yield self.lines[n_given]
                n_given += 1
            if more is not self._more:
                continue  # a line came while the last one was being sent
            if self.ended:
                return
            await more.wait()

    def _wake(self) -> None:
        self._more.set()
        self._more = asyncio.Event()


class Relay:
    """One run's way from the worker to its followers and into the store."""

    def __init__(self, run: LiveRun, store: RunStore, worker: WorkerClient, max_bytes: int) -> None:
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._store = store
        self._worker = worker
        self._max_bytes = max_bytes
        self._waiting: list[bytes] = []
        self._n_written = 0
        self._n_bytes = 0
        self._next_seq = 0
        self._on_cancel: tuple[RunState, Refused | None] = ("cancelled", None)
        self._ending = False  # from here on nothing may cancel the task

    def start(self, request: GenerateRequest, page: str | None) -> asyncio.Task[None]:
        self.task = asyncio.create_task(self._relay(request, page), name=f"run {self.run.id}")
        self.task.add_done_callback(lambda _: self._settle())
        return self.task

    def cancel(self, state: RunState, why: Refused | None) -> None:
        """Ends the run in that state, with a closing `error` frame if there is a reason, or with that refusal
        if the worker has not taken it on. Returns at once; does nothing to a run that is ending already."""
        if self.task is not None and not self._ending:
            self._ending, self._on_cancel = True, (state, why)
            self.task.cancel()

    async def _relay(self, request: GenerateRequest, page: str | None) -> None:
        try:
            state, last = await self._record(request, page)
        except asyncio.CancelledError:
            state, why = self._on_cancel
            last = None if why is None else self._closing(why.refusal)
        except WorkerLost as lost:
            log.warning("run %s: the worker was lost: %s", self.run.id, lost)
            state, last = "cut", self._closing(_LOST)
        except Exception as error:
            if not self.accepted.done():
                self.accepted.set_exception(error)  # there is no run: tell whoever asked
                return
            log.exception("run %s: not recorded", self.run.id)
            state, last = "error", self._closing(_FAILED)
        await self._end(state, last if self.accepted.done() else None)

    async def _record(self, request: GenerateRequest, page: str | None) -> tuple[RunState, bytes]:
        """The state that the stream ended in, and its last line, which is not yet recorded."""
        async with self._worker.generate(request, page) as lines:
            await _unbroken(self._store.add_run(self.run.id, request))
            self.accepted.set_result(None)
            written_at = time.monotonic()
            async for line in lines:
                head = _head_of(line)
                self._n_bytes += len(line)
                if self._n_bytes > self._max_bytes:
                    return "error", self._closing(_too_large(self._max_bytes))
                self._next_seq = head.seq + 1
                if head.kind in ("done", "error"):
                    self._ending = True
                    return head.kind, line
                self._waiting.append(line)
                self.run.publish(line)
                if time.monotonic() - written_at > _WRITE_EVERY_S:
                    await self._write("running")
                    written_at = time.monotonic()
        raise WorkerLost("the stream ended without done or error")

    async def _end(self, state: RunState, last: bytes | None) -> None:
        self._ending = True
        if last is not None:
            self._waiting.append(last)
        try:
            await self._write(state)
        except Exception:
            log.exception("run %s: its end (%s) could not be written", self.run.id, state)
            last = self._closing(_FAILED)
        if last is not None:
            self.run.publish(last)
        self.run.end()

    def _settle(self) -> None:
        """Who still waits for the worker's word waits no more; also where the task was cancelled before it began."""
        if not self.accepted.done():
            _, why = self._on_cancel
            self.accepted.cancel() if why is None else self.accepted.set_exception(why)

    async def _write(self, state: RunState) -> None:
        lines, self._waiting = self._waiting, []
        first, self._n_written = self._n_written, self._n_written + len(lines)
        await _unbroken(self._store.append(self.run.id, lines, first=first, state=state))

    def _closing(self, why: Refusal) -> bytes:
        return Error(seq=self._next_seq, refusal=why).model_dump_json().encode() + b"\n"


class _Head(BaseModel):
    """As much of a frame as a relay must understand: newer workers may send kinds that it does not know."""

    kind: str
    seq: int


async def _unbroken(write: Coroutine[None, None, None]) -> None:
    """Waits for the end of a write even when cancelled meanwhile; half a write would make the next one wrong."""
    writing = asyncio.ensure_future(write)
    try:
        await asyncio.shield(writing)
    except asyncio.CancelledError:
        await writing
        raise


def _head_of(line: bytes) -> _Head:
    try:
        return _Head.model_validate_json(line)
    except ValidationError:
        raise WorkerLost("a line is not a frame") from None


def _too_large(max_bytes: int) -> Refusal:
    return Refusal(
        code="recording_too_large",
        asked="The recording of this run grew too large.",
        allowed=f"A recording may have {max_bytes:,} bytes.",
        change="Use fewer strengths, watch fewer latents, or shorten the prompt or the answer.",
    )
