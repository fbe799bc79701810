"""The one thread that owns torch, and whose turn it is there.

A job is a generator of frames; a step is one `next()`; a step that yields None has nothing to say yet. There are two
lanes, and a lane works in rounds:

1. every job whose reader has room takes one step
2. `advance`: one decode step of all rows of the lane, whichever jobs they belong to
3. if nothing moved in the whole round, the lane rests until somebody comes, goes or reads; where a job has said
   None, for a moment only

A turn is a step or an advance. Interactive goes first, but while background has anything to do it gets an eighth of
the time; of the turns that would be near half of the time, since its own are long. Cancelled jobs are closed before
the next turn. A reader who leaves, or one who reads too slowly, holds up nobody. Knows nothing about HTTP or about
what a job computes.
"""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator

from protocol.refusal import Refused
from protocol.worker.frames import Error, Frame
from protocol.worker.requests import Lane

log = logging.getLogger(__name__)

MAX_PENDING = 256
BACKGROUND_SHARE = 1 / 8
MOST_OWED_S = 0.02
PAUSE_S = 0.002


class Job:
    """One run in flight. Frames wait here until its reader takes them."""

    def __init__(self, frames: Generator[Frame | None], lane: Lane, on_frame: Callable[[], None]) -> None:
        self._frames = frames
        self._on_frame = on_frame
        self._pending: deque[Frame] = deque()
        self._n_frames = 0
        self.lane = lane
        self.unwanted = False  # cancelled, but perhaps not yet closed
        self.ended = False
        self.refused: Refused | None = None  # set instead of any frame

    def take(self) -> Frame | None:
        """The next frame, or None if none waits."""
        return self._pending.popleft() if self._pending else None

    @property
    def has_room(self) -> bool:
        return len(self._pending) < MAX_PENDING

    def step(self) -> bool:
        """One `next()`, on the torch thread. False if it had nothing to say."""
        try:
            frame = next(self._frames)
        except StopIteration:
            self._end(None)
        except Refused as refused:
            self._end(refused)
        except Exception:
            log.exception("a job failed after %d frames", self._n_frames)
            self._end(_fault())
        else:
            if frame is None:
                return False
            self._put(frame)
        return True

    def close(self, why: Refused | None) -> None:
        """End it where it stands, on the torch thread. Its reader is told why, if there is a reason."""
        try:
            self._frames.close()
        except Exception:
            log.exception("a job failed when it was closed after %d frames", self._n_frames)
        self._end(why)

    def _put(self, frame: Frame) -> None:
        self._pending.append(frame)
        self._n_frames += 1
        self._on_frame()

    def _end(self, why: Refused | None) -> None:
        if why is not None and self._n_frames:
            self._put(Error(seq=self._n_frames, refusal=why.refusal))
        else:
            self.refused = why
        self.ended = True
        self._on_frame()


class _Lane:
    """The jobs of a lane, and for how long it has nothing to do."""

    def __init__(self, name: Lane) -> None:
        self.name = name
        self.jobs: list[Job] = []
        self.woken = False  # somebody came, went or read since the round began
        self.rests_until = 0.0  # by the monotonic clock

    def rests_s(self) -> float:
        """0 if it has something to do, math.inf if not before it is woken."""
        if not self.jobs:
            return math.inf
        return 0.0 if self.woken else max(0.0, self.rests_until - time.monotonic())


class StepLoop:
    """Runs jobs on its own thread, until `close`. `advance` is the model's, set once there is one."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        """clock: in seconds, by which the lanes share."""
        self._clock = clock
        self.advance: Callable[[Lane], bool] = lambda lane: False
        self.n_steps = 0
        self._turned_at = time.monotonic()
        self._changed = threading.Condition()  # never held during a turn
        self._lanes: dict[Lane, _Lane] = {"interactive": _Lane("interactive"), "background": _Lane("background")}
        self._turns = {name: self._rounds(lane) for name, lane in self._lanes.items()}
        self._cancelled: deque[tuple[Job, Refused | None]] = deque()
        self._closing = False
        self._owed_s = 0.0  # to background, which pays its turns with it
        self._thread = threading.Thread(target=self._run, name="torch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop after the turn in hand; waiting jobs are dropped."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def submit(self, job: Job) -> None:
        with self._changed:
            self._lanes[job.lane].jobs.append(job)
            self._wake(job.lane)

    def cancel(self, job: Job, why: Refused | None = None) -> None:
        """The job takes no step after the one in hand. With a reason its stream ends in an `error` frame that says
        it, or in a refusal where no frame has come; harmless if it has ended."""
        with self._changed:
            job.unwanted = True
            self._cancelled.append((job, why))
            self._wake(job.lane)

    def drained(self, job: Job) -> None:
        """Its reader took frames: it may have room again."""
        with self._changed:
            self._wake(job.lane)

    @property
    def n_jobs(self) -> int:
        return sum(len(lane.jobs) for lane in self._lanes.values())

    @property
    def n_wanted(self) -> int:
        """Without those that were cancelled and wait to be closed."""
        return sum(not job.unwanted for lane in self._lanes.values() for job in tuple(lane.jobs))

    @property
    def since_turn_s(self) -> float:
        """Since a turn ended."""
        return time.monotonic() - self._turned_at

    def _run(self) -> None:
        while self._wait():
            while self._cancelled:
                job, why = self._cancelled.popleft()
                self._end(job, why)
            lane = self._whose_turn()
            if lane is not None:
                began = self._clock()
                self.n_steps += next(self._turns[lane])
                self._turned_at = time.monotonic()
                self._account(lane, self._clock() - began)

    def _wait(self) -> bool:
        """Until there is something to do; False: the loop closes."""
        with self._changed:
            while not self._closing and not self._cancelled:
                rests_s = min(lane.rests_s() for lane in self._lanes.values())
                if rests_s == 0:
                    break
                self._changed.wait(min(rests_s, threading.TIMEOUT_MAX))
            return not self._closing

    def _whose_turn(self) -> Lane | None:
        lanes: list[Lane] = ["interactive", "background"]
        if self._owed_s > 0:
            lanes.reverse()
        return next((name for name in lanes if self._lanes[name].rests_s() == 0), None)

    def _account(self, lane: Lane, took_s: float) -> None:
        if lane == "background":
            self._owed_s = max(self._owed_s, 0.0) - took_s
        else:
            self._owed_s = min(MOST_OWED_S, self._owed_s + took_s * BACKGROUND_SHARE / (1 - BACKGROUND_SHARE))

    def _rounds(self, lane: _Lane) -> Iterator[bool]:
        """Round after round, turn by turn: True after each turn, False where the lane goes to rest instead."""
        while True:
            lane.rests_until, moved, silent = 0.0, False, False
            lane.woken = False  # before it looks: what changes from here on is for the next round
            for job in tuple(lane.jobs):
                if job.ended or not job.has_room:  # it may have been cancelled since the round began
                    continue
                said = job.step()
                moved |= said
                silent |= not said
                if job.ended:
                    self._drop(job)
                yield True
            if self._advance(lane):
                moved = True
                yield True
            if not moved:
                lane.rests_until = time.monotonic() + PAUSE_S if silent else math.inf
                yield False

    def _advance(self, lane: _Lane) -> bool:
        try:
            return self.advance(lane.name)
        except Exception:
            log.exception("a decode step failed and ends the %d jobs of its lane", len(lane.jobs))
            for job in tuple(lane.jobs):
                self._end(job, _fault())
            return True

    def _end(self, job: Job, why: Refused | None) -> None:
        if not job.ended:
            job.close(why)
            self._drop(job)

    def _drop(self, job: Job) -> None:
        with self._changed:
            self._lanes[job.lane].jobs.remove(job)

    def _wake(self, name: Lane) -> None:
        self._lanes[name].woken = True
        self._changed.notify()


def _fault() -> Refused:
    return Refused(
        500,
        "worker_fault",
        "The run ended early.",
        "The worker met a fault of its own; what came before it still holds.",
        "Run it again; if it happens again, report it with the request.",
    )
