"""A job's frames as an HTTP answer, JSON Lines, and which run of a page is the newest.

Where nothing is to be said for a while, an empty line says that the torch thread takes its turns: who reads can tell a
worker that is at work, or has others before them, from one that hangs. Knows nothing about what the frames say.
"""

import asyncio
from collections.abc import AsyncIterator, Generator

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from model_worker.serve.torch_thread import Job, StepLoop
from protocol.base import JSON_LINES
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.requests import Lane

BEAT_S = 10.0
TURN_MAY_TAKE_S = 300.0  # a step of seconds, beside twenty other processes; one that takes longer hangs


class Streams:
    """The answers under way. All of it belongs to the server's thread; only jobs cross to the other."""

    def __init__(self, loop: StepLoop, beat_s: float = BEAT_S, turn_may_take_s: float = TURN_MAY_TAKE_S) -> None:
        self._loop = loop
        self._beat_s, self._turn_may_take_s = beat_s, turn_may_take_s
        self._newest: dict[str, Job] = {}  # by page

    def would_supersede(self, page: str | None) -> bool:
        return page in self._newest

    async def answer(self, frames: Generator[Frame | None], lane: Lane, page: str | None = None) -> StreamingResponse:
        """Waits for the first frame, so that a refusal still has a status; the rest is streamed.

        A run of the same page that is still under way is superseded: its stream ends with that error.
        """
        event_loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            event_loop.call_soon_threadsafe(arrived.set)

        job = Job(frames, lane, tell)
        if page is not None:
            if page in self._newest:
                self._loop.cancel(self._newest[page], superseded())
            self._newest[page] = job
        self._loop.submit(job)
        try:
            first = await next_frame(self._loop, job, arrived)
            if job.refused:
                raise job.refused
        except BaseException:
            self.leave(job, page)
            raise
        return _Followed(self, job, page, self._lines(job, first, arrived))

    def leave(self, job: Job, page: str | None) -> None:
        """Nobody reads it any more; harmless when it has ended."""
        self._loop.cancel(job)
        if page is not None and self._newest.get(page) is job:
            del self._newest[page]

    async def _lines(self, job: Job, first: Frame | None, arrived: asyncio.Event) -> AsyncIterator[bytes]:
        frame = first
        while frame is not None:
            yield frame.model_dump_json().encode() + b"\n"
            coming = asyncio.ensure_future(next_frame(self._loop, job, arrived))
            try:
                while not (await asyncio.wait({coming}, timeout=self._beat_s))[0]:
                    if self._loop.since_turn_s < self._turn_may_take_s:
                        yield b"\n"
                frame = coming.result()
            finally:
                coming.cancel()


class _Followed(StreamingResponse):
    """However the answer ends, also before its first byte, the job is then left."""

    media_type = JSON_LINES

    def __init__(self, streams: Streams, job: Job, page: str | None, lines: AsyncIterator[bytes]) -> None:
        super().__init__(lines)
        self._leave = lambda: streams.leave(job, page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


async def next_frame(loop: StepLoop, job: Job, arrived: asyncio.Event) -> Frame | None:
    """None after the last one."""
    while True:
        arrived.clear()
        ended = job.ended  # read first: the last frame may come between the two
        frame = job.take()
        if frame is not None:
            loop.drained(job)
            return frame
        if ended:
            return None
        await arrived.wait()


def superseded() -> Refused:
    return Refused(
        409,
        "superseded",
        "A newer run of the same page was asked.",
        "One run at a time is answered for a page, the newest; what came before this line still holds.",
        "Read the newer one, or ask from another page.",
    )
