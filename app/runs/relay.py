"""One run: each line of the worker's stream is passed on unchanged, and recorded.

Knows nothing about HTTP, nor about other runs.

1. One task owns the run from the question to the last byte on disk; it alone talks to the worker.
2. A line is given to followers as it arrives, and written to the database with others, twice a second. A database
   that another program holds delays neither: what waits is written when it can be.
3. The last line, `done` or `error`, is written first and given second: who saw it can save the run.
4. Whoever leaves cancels the task, which closes the worker's connection before anything else.
5. Every write names the claim that it is made under; when that holds no longer, others have the run, and we stop.

An interactive run that is interrupted is cut, and says so in its last line. A background run goes back to the queue,
and who follows it here goes on there. A study that was interrupted is given to the worker with the lines that it has,
and what is answered comes behind them.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from functools import partial

from pydantic import BaseModel, ValidationError

from app.database.connection import DatabaseBusy
from app.refusals import DATABASE_BUSY
from app.runs.live_run import LiveRun
from app.runs.progress import RunProgress
from app.runs.queue import RunQueue
from app.runs.recorder import Recorder, unbroken
from app.runs.store import Claim, RunStore, TakenOver, closing_line
from app.telemetry.logs import bind_run
from app.worker.client import WorkerClient, WorkerLost
from protocol.app.runs import RunState
from protocol.refusal import Refusal, Refused
from protocol.worker.circuits import CircuitRequest
from protocol.worker.requests import GenerateRequest, Lane
from protocol.worker.studies import AwaitedRequest, RunRequest

log = logging.getLogger(__name__)

_WRITE_EVERY_S = 0.5
_STILL_HOLDS = "What came before this line still holds."
_ADD_WITHIN_S = 1.0  # then it is answered, and its row is written when the database is free

_FAILED = Refusal(
    code="not_recorded",
    asked="The app could not record this run.",
    allowed="What came before this line still holds, but it can't be saved.",
    change="Try again; if it happens again, tell whoever runs this app.",
)
_TAKEN_OVER = Refusal(
    code="taken_over",
    asked="The app was silent for so long that this run was given up.",
    allowed="What came before this line still holds, but it can't be saved.",
    change="Run it again.",
)


class Relay:
    """One run's way from the worker to its followers and into the store.

    accepted  done when the worker has taken the run on; its exception says why it has not
    refused   that exception, where it is a refusal
    recorder  what of it is written down
    ended_as  how it ended, once that is written down; None where it goes on elsewhere
    """

    def __init__(
        self,
        claim: Claim,
        request: RunRequest,
        lane: Lane,
        store: RunStore,
        queue: RunQueue,
        worker: WorkerClient,
        max_bytes: int,
    ) -> None:
        self.run = LiveRun(claim.run_id, claim.attempt if isinstance(request, AwaitedRequest) else 1)
        self.claim = claim
        self.task: asyncio.Task[None] | None = None
        self.accepted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refused: Refused | None = None
        self.recorder = Recorder(store, claim, request)
        self.ended_as: RunState | None = None
        self._request = request
        self._lane: Lane = lane
        self._queue = queue
        self._worker = worker
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._next_seq = 0
        self._on_cancel: Callable[[], Awaitable[None]] = partial(self._end, "cancelled", None)
        self._why: Refused | None = None
        self._ending = False  # from here on nothing may cancel the task

    def begin_behind(self, lines: list[bytes], progress: RunProgress) -> None:
        """Those that a study has already, and how far it had come with them."""
        self.run.lines.extend(lines)
        self._next_seq = len(lines)
        self._n_bytes = sum(map(len, lines))
        self.recorder.go_on(len(lines), progress)

    def start(self, page: str | None = None) -> asyncio.Task[None]:
        """A background run has been claimed before."""
        self.recorder.has_row = self._lane == "background"
        self.task = asyncio.create_task(self._relay(page), name=f"run {self.run.id}")
        self.task.add_done_callback(lambda _: self._settle())
        return self.task

    def cancel(self, why: Refused | None) -> None:
        """Ends the run, with a closing `error` frame if there is a reason, or with that refusal if the worker has
        not taken it on. Returns at once, as the next three do; does nothing to a run that is ending already."""
        self._stop(lambda: self._end("cancelled", self._closing(why.refusal) if why else None), why)

    def interrupt(self, why: Refused) -> None:
        """The app stops. A background run waits for another one."""
        if self._lane == "background":
            self._stop(lambda: self._hand_over(self._queue.put_back), why)
        else:
            self._stop(lambda: self._end("cut", self._closing(why.refusal)), why)

    def pause(self) -> None:
        """Its row says already that it is to rest."""
        self._stop(lambda: self._hand_over(self._queue.put_back), None)

    def let_go(self) -> None:
        """Our claim holds no longer."""
        self._stop(self._let_go, None)

    def _stop(self, how: Callable[[], Awaitable[None]], why: Refused | None) -> None:
        if self.task is not None and not self._ending:
            self._ending, self._on_cancel, self._why = True, how, why
            self.task.cancel()

    async def _relay(self, page: str | None) -> None:
        bind_run(self.run.id)
        ending: Callable[[], Awaitable[None]]
        try:
            ending = partial(self._end, *await self._record(page))
        except asyncio.CancelledError:
            ending = self._on_cancel
        except TakenOver:
            ending = self._let_go
        except WorkerLost as lost:
            log.warning("run %s: %s: %s", self.run.id, type(lost).__name__, lost)
            ending = partial(self._lost, lost)
        except Refused as refused:
            self.refused = refused
            self.accepted.set_exception(refused)
            ending = partial(self._turned_away, refused)
        except Exception as error:
            log.exception("run %s: not recorded", self.run.id)
            if not self.accepted.done():
                self.accepted.set_exception(error)
            ending = partial(self._end, "error", self._closing(_FAILED))
        await ending()

    async def _record(self, page: str | None) -> tuple[RunState, bytes]:
        """The state that the stream ended in, and its last line, which is not yet recorded."""
        async with self._asked(page) as lines:
            if not self.recorder.has_row:
                self.recorder.begin_write()
                await self.recorder.written(within_s=_ADD_WITHIN_S)
            self.accepted.set_result(None)
            written_at = time.monotonic()
            async for line in lines:
                head = _head_of(line)
                if head.seq != self._next_seq:
                    raise WorkerLost("a line is missing")
                self._n_bytes += len(line)
                if self._n_bytes > self._max_bytes:
                    return "error", self._closing(_too_large(self._request, self._max_bytes))
                self._next_seq += 1
                self.recorder.progress.see(head.kind, line)
                if head.kind in ("done", "error"):
                    self._ending = True
                    return ("done" if head.kind == "done" else "error"), line
                self.recorder.add(line)
                self.run.publish(line)
                if time.monotonic() - written_at > _WRITE_EVERY_S:
                    await self.recorder.written(within_s=0)
                    self.recorder.begin_write()
                    written_at = time.monotonic()
        raise WorkerLost("the stream ended without done or error")

    def _asked(self, page: str | None) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        if isinstance(self._request, AwaitedRequest):
            return self._worker.answer(self._request, page, self._lane)
        return self._worker.study(self._request, self.run.lines)

    async def _lost(self, lost: WorkerLost) -> None:
        if self._lane == "background":
            await self._hand_over(self._queue.abandon)
        else:
            await self._end("cut", self._closing(lost.refusal("the answer was complete", _STILL_HOLDS)))

    async def _turned_away(self, refused: Refused) -> None:
        """By the worker, before its first line. Then there is no interactive run."""
        if self._lane == "background" and refused.status == 503:
            await self._hand_over(self._queue.put_back)  # it is away, or has enough to do
        else:
            await self._end("error", self._closing(refused.refusal))

    async def _end(self, state: RunState, last: bytes | None) -> None:
        self._ending = True
        try:
            await unbroken(self.recorder.written())
            if not self.recorder.has_row and not self._is_accepted:
                return
            if last is not None:
                self.recorder.add(last)
            await self.recorder.write(state)
            self.ended_as = state
        except TakenOver:
            return await self._let_go()
        except DatabaseBusy:
            log.warning("run %s: its end (%s) could not be written, the database is held", self.run.id, state)
            last = self._closing(DATABASE_BUSY)
        except Exception:
            # its row says that it runs until `Runs.watch` sees that nobody relays it
            log.exception("run %s: its end (%s) could not be written", self.run.id, state)
            last = self._closing(_FAILED)
        if last is not None:
            self.run.publish(last)
        self.run.end()

    async def _hand_over(self, how: Callable[[Claim], Coroutine[None, None, None]]) -> None:
        """Gives a background run back to the queue, which may have had enough of it: then its last line comes after
        all those that followers have seen."""
        self._ending = True
        try:
            await self.recorder.write("running")
            await unbroken(how(self.claim))
        except TakenOver:
            pass
        except DatabaseBusy:
            log.warning("run %s: could not be queued again yet, the database is held", self.run.id)
        except Exception:
            log.exception("run %s: could not be queued again", self.run.id)
        self.run.end()

    async def _let_go(self) -> None:
        self._ending = True
        log.warning("run %s: another app thought this one dead and took it over", self.run.id)
        if self._lane == "interactive":
            self.run.publish(self._closing(_TAKEN_OVER))
        self.run.end()
        with contextlib.suppress(TakenOver):
            await self.recorder.written()

    def _settle(self) -> None:
        """Who still waits for the worker's word, or for a line, waits no more; also where the task was cancelled
        before it began."""
        self.run.end()
        if not self.accepted.done():
            self.accepted.cancel() if self._why is None else self.accepted.set_exception(self._why)

    @property
    def _is_accepted(self) -> bool:
        return self.accepted.done() and not self.accepted.cancelled() and self.accepted.exception() is None

    def _closing(self, why: Refusal) -> bytes:
        return closing_line(self._next_seq, why)


class _Head(BaseModel):
    """As much of a frame as a relay must understand: newer workers may send kinds that it does not know."""

    kind: str
    seq: int


def _head_of(line: bytes) -> _Head:
    try:
        return _Head.model_validate_json(line)
    except ValidationError:
        raise WorkerLost("a line is not a frame") from None


def _too_large(request: RunRequest, max_bytes: int) -> Refusal:
    match request:
        case GenerateRequest():
            change = "Use fewer strengths, watch fewer latents, or shorten the prompt or the answer."
        case CircuitRequest():
            change = "Ask for fewer nodes or edges, or shorten the prompt."
        case _:
            change = "Ask about fewer names, or with fewer arms, controls or samples."
    return Refusal(
        code="recording_too_large",
        asked="The recording of this run grew too large.",
        allowed=f"A recording may have {max_bytes:,} bytes.",
        change=change,
    )
