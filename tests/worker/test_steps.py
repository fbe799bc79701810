"""Turns on the torch thread: lanes, cancelling, slow readers, faults."""

import threading
import time
from collections.abc import Iterator

from model_worker.steps import BACKGROUND_EVERY, MAX_PENDING, Job, StepLoop
from protocol.frames import Done, Frame
from protocol.refusal import Refused


def counting(n: int, log: list[str], name: str, *, closed: list[str] | None = None) -> Iterator[Frame]:
    try:
        for seq in range(n):
            log.append(name)
            yield Done(seq=seq, elapsed_s=0.0, n_tokens=0)
    finally:
        if closed is not None:
            closed.append(name)


def wait_until(true: "callable", seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def test_lanes_take_turns_and_background_gets_one_step_in_eight() -> None:
    log: list[str] = []
    loop = StepLoop()
    jobs = [
        Job(counting(40, log, name), lane, lambda: None)
        for name, lane in [("a", "interactive"), ("b", "interactive"), ("bg", "background")]
    ]
    for job in jobs:
        loop.submit(job)
    loop.start()
    wait_until(lambda: all(job.ended for job in jobs))
    loop.close()
    while_busy = log[: 8 * BACKGROUND_EVERY]
    assert while_busy.count("bg") == 8
    assert abs(while_busy.count("a") - while_busy.count("b")) <= 1
    assert log.count("bg") == 40


def test_a_cancelled_job_is_closed_and_takes_no_further_step() -> None:
    log: list[str] = []
    closed: list[str] = []
    stop_here = threading.Event()

    def slow() -> Iterator[Frame]:
        try:
            for seq in range(1000):
                log.append("step")
                stop_here.wait(0.01)
                yield Done(seq=seq, elapsed_s=0.0, n_tokens=0)
        finally:
            closed.append("slow")

    loop = StepLoop()
    loop.start()
    job = Job(slow(), "interactive", lambda: None)
    loop.submit(job)
    wait_until(lambda: len(log) >= 3)
    loop.cancel(job)
    taken = len(log)
    wait_until(lambda: loop.n_jobs == 0)
    loop.close()
    assert closed == ["slow"]
    assert len(log) <= taken + 1, "the step in hand may end, no other may begin"


def test_a_reader_who_does_not_read_holds_up_nobody() -> None:
    log: list[str] = []
    loop = StepLoop()
    loop.start()
    unread = Job(counting(10 * MAX_PENDING, log, "unread"), "interactive", lambda: None)
    loop.submit(unread)
    wait_until(lambda: not unread.has_room)
    other = Job(counting(20, log, "other"), "interactive", lambda: None)
    loop.submit(other)
    wait_until(lambda: other.ended)
    assert log.count("unread") == MAX_PENDING
    while unread.take():
        pass
    loop.drained()
    wait_until(lambda: log.count("unread") == 2 * MAX_PENDING)
    loop.cancel(unread)
    wait_until(lambda: loop.n_jobs == 0)
    loop.close()


def test_a_fault_ends_its_own_job_with_an_error_frame_and_no_other() -> None:
    def faulty() -> Iterator[Frame]:
        yield Done(seq=0, elapsed_s=0.0, n_tokens=0)
        raise RuntimeError("a secret detail")

    def refusing() -> Iterator[Frame]:
        raise Refused(422, "no", "Asked.", "Allowed.", "Change.")
        yield

    log: list[str] = []
    loop = StepLoop()
    loop.start()
    bad, no, good = (
        Job(frames, "interactive", lambda: None) for frames in (faulty(), refusing(), counting(5, log, "good"))
    )
    for job in (bad, no, good):
        loop.submit(job)
    wait_until(lambda: bad.ended and no.ended and good.ended)
    loop.close()
    assert len(log) == 5
    frames = [bad.take(), bad.take(), bad.take()]
    assert [f.kind for f in frames[:2]] == ["done", "error"] and frames[2] is None
    assert "secret" not in frames[1].model_dump_json()
    assert no.take() is None and no.refused is not None and no.refused.status == 422


def test_the_last_frame_is_read_though_it_came_while_its_reader_looked() -> None:
    import asyncio

    from model_worker.server import _next_frame

    class Racing(Job):
        looked = False

        def take(self) -> Frame | None:
            frame = super().take()
            if not self.looked:  # the torch thread ends the job right after the reader found nothing
                self.looked = True
                self._put(Done(seq=0, elapsed_s=0.0, n_tokens=0))
                self._end()
            return frame

    async def read() -> Frame | None:
        arrived = asyncio.Event()
        return await _next_frame(StepLoop(), Racing(iter(()), "interactive", arrived.set), arrived)

    assert asyncio.run(asyncio.wait_for(read(), 5)).kind == "done"
