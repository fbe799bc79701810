"""The one thread that owns torch, and the jobs that take turns on it.

A job is a generator of frames; a step is one `next()`. Two lanes, round robin within a lane,
interactive first, but background gets at least one step in eight. A reader who leaves, or one
who reads too slowly, holds up nobody. Knows nothing about HTTP or about what a job computes.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

from protocol.frames import Error, Frame
from protocol.refusal import Refusal, Refused

log = logging.getLogger(__name__)

Lane = Literal["interactive", "background"]
MAX_PENDING = 256
BACKGROUND_EVERY = 8
_FAULT = Refusal(
    code="worker_fault",
    asked="The run ended early.",
    allowed="The worker met a fault of its own; what came before it still holds.",
    change="Run it again; if it happens again, report it with the request.",
)


class Job:
    """One run in flight. Frames wait here until its reader takes them."""

    def __init__(self, frames: Iterator[Frame], lane: Lane, on_frame: Callable[[], None]) -> None:
        self._frames = frames
        self._on_frame = on_frame
        self._pending: deque[Frame] = deque()
        self._n_frames = 0
        self.lane = lane
        self.cancelled = False
        self.ended = False
        self.refused: Refused | None = None  # set instead of any frame

    def take(self) -> Frame | None:
        """The next frame, or None if none waits."""
        return self._pending.popleft() if self._pending else None

    @property
    def has_room(self) -> bool:
        return len(self._pending) < MAX_PENDING

    def step(self) -> None:
        """Advance by one frame, on the torch thread."""
        try:
            if self.cancelled:
                self._frames.close()
                self._end()
                return
            self._put(next(self._frames))
        except StopIteration:
            self._end()
        except Refused as refused:
            if self._n_frames:
                self._put(Error(seq=self._n_frames, refusal=refused.refusal))
            else:
                self.refused = refused
            self._end()
        except Exception:
            log.exception("a job failed after %d frames", self._n_frames)
            self._put(Error(seq=self._n_frames, refusal=_FAULT))
            self._end()

    def _put(self, frame: Frame) -> None:
        self._pending.append(frame)
        self._n_frames += 1
        self._on_frame()

    def _end(self) -> None:
        self.ended = True
        self._on_frame()


class StepLoop:
    """Runs jobs step by step on its own thread, until `close`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lanes: dict[Lane, deque[Job]] = {"interactive": deque(), "background": deque()}
        self._closing = False
        self._since_background = 0
        self.n_steps = 0
        self._thread = threading.Thread(target=self._run, name="torch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the step in hand; waiting jobs are dropped."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def submit(self, job: Job) -> None:
        with self._changed:
            self._lanes[job.lane].append(job)
            self._changed.notify()

    def cancel(self, job: Job) -> None:
        """The job takes no step after the one in hand."""
        with self._changed:
            job.cancelled = True
            self._changed.notify()

    def drained(self) -> None:
        """A reader took frames: its job may have room again."""
        with self._changed:
            self._changed.notify()

    @property
    def n_jobs(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def _run(self) -> None:
        while True:
            with self._changed:
                job = self._next_job()
                while job is None and not self._closing:
                    self._changed.wait()
                    job = self._next_job()
                if self._closing:
                    return
            job.step()
            self.n_steps += 1
            if job.ended:
                with self._changed:
                    self._lanes[job.lane].remove(job)

    def _next_job(self) -> Job | None:
        lanes: list[Lane] = ["interactive", "background"]
        if self._since_background >= BACKGROUND_EVERY - 1:
            lanes.reverse()
        for name in lanes:
            lane = self._lanes[name]
            for _ in range(len(lane)):
                job = lane[0]
                lane.rotate(-1)
                if job.cancelled or job.has_room:
                    self._since_background = 0 if name == "background" else self._since_background + 1
                    return job
        return None
