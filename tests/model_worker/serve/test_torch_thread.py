"""Turns on the torch thread: lanes, rounds, cancelling, slow readers, faults. The models here are scripts."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from model_worker.serve.streams import Streams, next_frame
from model_worker.serve.torch_thread import MAX_PENDING, PAUSE_S, Job, StepLoop
from protocol.refusal import Refused
from protocol.worker.frames import Done, Frame
from protocol.worker.requests import Lane


class Turns:
    """A loop and the log of its turns: a job's name for its step, the lane's name in capitals for an advance."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.closed: list[str] = []
        self.rows: dict[Lane, int] = {"interactive": 0, "background": 0}  # decode steps that are left to do
        self.took_s: dict[Lane, float] = {"interactive": 0.001, "background": 0.001}  # a turn, by a clock of our own
        self.now = 0.0
        self.loop = StepLoop(lambda: self.now)
        self.loop.advance = self._advance

    def _advance(self, lane: Lane) -> bool:
        if self.rows[lane] == 0:
            return False
        self.rows[lane] -= 1
        self.now += self.took_s[lane]
        self.log.append(lane.upper())
        return True

    def job(self, name: str, n: int, lane: Lane = "interactive", *, silent: bool = False, kind: type[Job] = Job) -> Job:
        """Takes n steps, each with a frame, or all but the last with None if it is silent."""

        def frames() -> Iterator[Frame | None]:
            try:
                for seq in range(n):
                    self.log.append(name)
                    self.now += self.took_s[lane]
                    yield None if silent and seq < n - 1 else frame(seq)
            finally:
                self.closed.append(name)

        job = kind(frames(), lane, lambda: None)
        self.loop.submit(job)
        return job

    @contextmanager
    def running(self) -> Iterator[None]:
        self.loop.start()
        yield
        self.loop.close()


@pytest.fixture
def turns() -> Turns:
    return Turns()


def frame(seq: int) -> Frame:
    return Done(seq=seq, elapsed_s=0.0, n_tokens=0)


def superseded() -> Refused:
    return Refused(409, "superseded", "Asked.", "Allowed.", "Change.")


def wait_until(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.002)


def kinds(job: Job) -> list[str]:
    return [taken.kind for taken in iter(job.take, None)]


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_background_gets_an_eighth_of_the_time_however_long_its_turns_are(turns: Turns, factor: int) -> None:
    turns.took_s["background"] = 0.001 * factor
    n = 7 * factor * 8
    jobs = [turns.job("a", n), turns.job("b", n), turns.job("bg", 40, "background")]
    with turns.running():
        wait_until(lambda: all(job.ended for job in jobs))
    while_busy = turns.log[: n + 8]
    assert abs(while_busy.count("bg") - 8) <= 1
    assert abs(while_busy.count("a") - while_busy.count("b")) <= 1
    assert turns.log.count("bg") == 40


@pytest.mark.parametrize("decoding", ["interactive", "background"])
def test_a_decode_step_is_a_turn_like_any_other(turns: Turns, decoding: Lane) -> None:
    a, bg = turns.job("a", 200), turns.job("bg", 200, "background")
    turns.rows[decoding] = 200
    with turns.running():
        wait_until(lambda: a.ended and bg.ended)
    while_busy = turns.log[:64]
    of_background = [turn for turn in while_busy if turn in ("bg", "BACKGROUND")]
    assert abs(len(of_background) - 8) <= 1, "neither lane's decoding takes time from the other"
    if decoding == "background":
        assert of_background[:8] == ["bg", "BACKGROUND"] * 4
    else:
        assert abs(while_busy.count("a") - while_busy.count("INTERACTIVE")) <= 1


def test_a_cancelled_job_that_is_not_yet_closed_takes_nobodys_place(turns: Turns) -> None:
    jobs = [turns.job(str(n), 5) for n in range(3)]
    turns.loop.cancel(jobs[1])
    assert (turns.loop.n_jobs, turns.loop.n_wanted) == (3, 2)
    with turns.running():
        wait_until(lambda: all(job.ended for job in jobs))
    assert (turns.loop.n_jobs, turns.loop.n_wanted) == (0, 0)


def test_background_has_the_thread_to_itself_while_nobody_else_asks(turns: Turns) -> None:
    bg = turns.job("bg", 50, "background")
    waiting = turns.job("waits for memory", 10**6, silent=True)
    with turns.running():
        wait_until(lambda: bg.ended)
        turns.loop.cancel(waiting)
    n_waited = turns.log[: turns.log.index("bg") + 50].count("waits for memory")
    assert turns.log.count("bg") == 50 and n_waited < 50, "who only waits doesn't count as busy"


def test_a_long_job_delays_the_decoding_of_others_by_one_step_a_round(turns: Turns) -> None:
    long = [turns.job(name, 60) for name in ("long", "longer")]
    turns.rows["interactive"] = 50
    with turns.running():
        wait_until(lambda: all(job.ended for job in long))
    assert turns.log[:150] == ["long", "longer", "INTERACTIVE"] * 50


def test_every_job_gets_one_step_in_a_round_however_many_there_are(turns: Turns) -> None:
    jobs = [turns.job(str(n), 5) for n in range(20)]
    with turns.running():
        wait_until(lambda: all(job.ended for job in jobs))
    assert turns.log == [str(n) for n in range(20)] * 5


def test_a_job_that_has_nothing_to_say_puts_no_frame_and_is_asked_again_next_round(turns: Turns) -> None:
    decoding = turns.job("decoding", 4, silent=True)
    turns.rows["interactive"] = 3
    with turns.running():
        wait_until(lambda: decoding.ended)
    assert turns.log == ["decoding", "INTERACTIVE"] * 3 + ["decoding"]
    assert kinds(decoding) == ["done"]


def test_who_waits_for_memory_is_asked_now_and_then_and_does_not_heat_the_room(turns: Turns) -> None:
    waiting = turns.job("waits", 10**6, silent=True)
    with turns.running():
        wait_until(lambda: len(turns.log) > 2)
        before, began, cpu = len(turns.log), time.monotonic(), time.process_time()
        time.sleep(0.3)
        n, took, busy_s = len(turns.log) - before, time.monotonic() - began, time.process_time() - cpu
        turns.loop.cancel(waiting)
    assert 2 < n <= took / PAUSE_S + 1
    assert busy_s < took / 3


def test_without_anything_to_do_the_thread_sleeps(turns: Turns) -> None:
    unread = turns.job("unread", 10 * MAX_PENDING)
    asked: list[Lane] = []

    def advance(lane: Lane) -> bool:
        asked.append(lane)
        return False

    turns.loop.advance = advance
    with turns.running():
        wait_until(lambda: not unread.has_room)
        time.sleep(0.05)
        before = len(asked)
        time.sleep(20 * PAUSE_S)
        assert len(asked) < before + 10, "a reader who doesn't read is not polled: he says when he has read"


def test_a_cancelled_job_is_closed_and_takes_no_further_step(turns: Turns) -> None:
    def slow() -> Iterator[Frame]:
        try:
            for seq in range(1000):
                turns.log.append("step")
                time.sleep(0.01)
                yield frame(seq)
        finally:
            turns.closed.append("slow")

    job = Job(slow(), "interactive", lambda: None)
    turns.loop.submit(job)
    with turns.running():
        wait_until(lambda: len(turns.log) >= 3)
        turns.loop.cancel(job)
        taken = len(turns.log)
        wait_until(lambda: turns.loop.n_jobs == 0)
    assert turns.closed == ["slow"]
    assert len(turns.log) <= taken + 1, "the step in hand may end, no other may begin"
    assert set(kinds(job)) == {"done"}, "without a reason nothing is added to the stream"


def test_a_cancelled_job_is_closed_before_anybody_takes_another_step(turns: Turns) -> None:
    lanes: list[Lane] = ["interactive", "background"]
    jobs = [turns.job(f"{lane} {n}", 10**6, lane, kind=AlwaysRead) for lane in lanes for n in range(30)]
    leaves = jobs[45]

    def cancelling() -> Iterator[Frame]:
        turns.loop.cancel(leaves)
        turns.log.append("cancelled")
        yield frame(0)

    with turns.running():
        wait_until(lambda: turns.log.count("background 15") > 0)
        turns.loop.submit(Job(cancelling(), "interactive", lambda: None))
        wait_until(lambda: "background 15" in turns.closed)
        assert leaves.ended
    at = turns.log.index("cancelled")
    assert "background 15" not in turns.log[at:] and turns.closed == ["background 15"]


class AlwaysRead(Job):
    """Its reader takes every frame at once."""

    def _put(self, new: Frame) -> None:
        super()._put(new)
        self.take()


def test_a_job_that_is_cancelled_for_a_reason_says_it_last(turns: Turns) -> None:
    begun = turns.job("begun", 10**6)
    with turns.running():
        wait_until(lambda: len(turns.log) > 3)
        turns.loop.cancel(begun, superseded())
        wait_until(lambda: begun.ended)
        said = list(iter(begun.take, None))
        assert [one.kind for one in said[:-1]] == ["done"] * (len(said) - 1)
        assert (said[-1].kind, said[-1].seq) == ("error", len(said) - 1)
        assert said[-1].refusal == superseded().refusal and begun.refused is None
        turns.loop.cancel(begun, superseded())  # a second time, after its end
        other = turns.job("other", 3)
        wait_until(lambda: other.ended)
        assert begun.take() is None and turns.loop.n_jobs == 0


def test_a_job_that_is_cancelled_for_a_reason_before_its_first_frame_is_refused(turns: Turns) -> None:
    job = turns.job("never", 3)
    turns.loop.cancel(job, superseded())
    with turns.running():
        wait_until(lambda: job.ended)
    assert job.take() is None and turns.log == []
    assert job.refused is not None and (job.refused.status, job.refused.refusal.code) == (409, "superseded")


def test_a_reader_who_does_not_read_holds_up_nobody(turns: Turns) -> None:
    unread = turns.job("unread", 10 * MAX_PENDING)
    with turns.running():
        wait_until(lambda: not unread.has_room)
        other = turns.job("other", 20)
        turns.rows["interactive"] = 30
        wait_until(lambda: other.ended and turns.rows["interactive"] == 0)
        assert turns.log.count("unread") == MAX_PENDING
        while unread.take():
            pass
        turns.loop.drained(unread)
        wait_until(lambda: turns.log.count("unread") == 2 * MAX_PENDING)
        turns.loop.cancel(unread)
        wait_until(lambda: turns.loop.n_jobs == 0)


def test_a_reader_who_reads_just_as_the_lane_goes_to_rest_is_heard(turns: Turns) -> None:
    class Racing(Job):
        has_told = False

        @property
        def has_room(self) -> bool:
            room = super().has_room
            if not room and not self.has_told:  # he reads all of it right after the loop looked
                self.has_told = True
                while self.take():
                    pass
                turns.loop.drained(self)
            return room

    job = Racing((frame(seq) for seq in range(MAX_PENDING + 10)), "interactive", lambda: None)
    turns.loop.submit(job)
    with turns.running():
        wait_until(lambda: job.ended)


def test_a_fault_ends_its_own_job_with_an_error_frame_and_no_other(turns: Turns) -> None:
    def faulty(*before: Frame) -> Iterator[Frame]:
        yield from before
        raise RuntimeError("a secret detail")

    def refusing(*before: Frame) -> Iterator[Frame]:
        yield from before
        raise Refused(422, "no", "Asked.", "Allowed.", "Change.")

    good = turns.job("good", 5)
    bad, bad_at_once, no, late_no = (
        Job(frames, "interactive", lambda: None)
        for frames in (faulty(frame(0)), faulty(), refusing(), refusing(frame(0)))
    )
    for job in (bad, bad_at_once, no, late_no):
        turns.loop.submit(job)
    with turns.running():
        wait_until(lambda: turns.loop.n_jobs == 0)
    assert len(turns.log) == 5 and kinds(good) == ["done"] * 5
    frames = list(iter(bad.take, None))
    assert [one.kind for one in frames] == ["done", "error"] and frames[1].refusal.code == "worker_fault"
    assert "secret" not in frames[1].model_dump_json()
    assert bad_at_once.take() is None and bad_at_once.refused.status == 500
    assert "secret" not in str(bad_at_once.refused)
    assert no.take() is None and no.refused.status == 422
    assert kinds(late_no) == ["done", "error"]


def test_a_decode_step_that_fails_ends_the_jobs_of_its_lane_and_the_thread_lives_on(turns: Turns) -> None:
    fails = threading.Event()

    def advance(lane: Lane) -> bool:
        if lane == "interactive" and fails.is_set():
            fails.clear()
            raise RuntimeError("a secret detail")
        return False

    turns.loop.advance = advance
    hit = [turns.job(name, 10 * MAX_PENDING) for name in ("a", "b")]
    spared = turns.job("bg", 3, "background")
    with turns.running():
        wait_until(lambda: not any(job.has_room for job in hit) and spared.ended)
        spared = turns.job("bg", 10 * MAX_PENDING, "background")
        wait_until(lambda: not spared.has_room)
        fails.set()
        turns.loop.drained(hit[0])
        wait_until(lambda: all(job.ended for job in hit))
        next_one = turns.job("next", 3)
        wait_until(lambda: next_one.ended)
        assert not spared.ended and turns.loop.n_jobs == 1
    for job in hit:
        last = list(iter(job.take, None))[-1]
        assert last.kind == "error" and last.refusal.code == "worker_fault"
        assert "secret" not in last.model_dump_json()
    assert turns.closed[-1] == "next" and {"a", "b"} <= set(turns.closed), "their rows were given back"
    assert kinds(next_one) == ["done"] * 3


def test_the_last_frame_is_read_though_it_came_while_its_reader_looked() -> None:
    class Racing(Job):
        looked = False

        def take(self) -> Frame | None:
            taken = super().take()
            if not self.looked:  # the torch thread ends the job right after the reader found nothing
                self.looked = True
                self._put(frame(0))
                self._end(None)
            return taken

    async def read() -> Frame | None:
        arrived = asyncio.Event()
        return await next_frame(StepLoop(), Racing(iter(()), "interactive", arrived.set), arrived)

    assert asyncio.run(asyncio.wait_for(read(), 5)).kind == "done"


def test_who_has_nothing_to_say_yet_says_that_it_is_at_work() -> None:
    """A circuit's step says nothing for minutes on a busy machine; its worker was given up as silent."""
    loop, asked_again = StepLoop(), threading.Event()

    def frames() -> Iterator[Frame | None]:
        yield frame(0)
        while not asked_again.is_set():
            yield None
        yield frame(1)

    async def read() -> list[bytes]:
        answer = await Streams(loop, beat_s=0.01).answer(frames(), "interactive")
        lines = []
        async for line in answer.body_iterator:
            lines.append(line)
            if lines.count(b"\n") == 3:
                asked_again.set()
        return lines

    loop.start()
    lines = asyncio.run(asyncio.wait_for(read(), 20))
    loop.close()
    assert [line for line in lines if line != b"\n"] == [frame(n).model_dump_json().encode() + b"\n" for n in (0, 1)]


def test_a_turn_that_hangs_is_silent() -> None:
    loop, hangs = StepLoop(), threading.Event()

    def frames() -> Iterator[Frame | None]:
        yield frame(0)
        assert hangs.wait(20)
        yield frame(1)

    async def read() -> list[bytes]:
        answer = await Streams(loop, beat_s=0.01, turn_may_take_s=0.0).answer(frames(), "interactive")
        lines = []
        async for line in answer.body_iterator:
            lines.append(line)
            await asyncio.sleep(0.05)
            asyncio.get_running_loop().call_later(0.1, hangs.set)
        return lines

    loop.start()
    lines = asyncio.run(asyncio.wait_for(read(), 20))
    loop.close()
    assert b"\n" not in lines and len(lines) == 2
