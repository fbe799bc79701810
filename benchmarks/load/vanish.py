"""Clients that vanish: at any frame, before the first one, or in the middle of asking.

Half of them reset the connection, half close it. Beside them a steady client asks the same again and again, and must
get the same answer. Afterwards nothing may be left of anybody.
"""

import asyncio
import random
import time
from collections import Counter

from benchmarks.load import requests
from benchmarks.load.answers import answers_of, differs
from benchmarks.load.checks import Check, at_least, at_most, figure, growth, left_behind, memory, percentile
from benchmarks.load.client import BACKGROUND_S, PATIENCE_S, Stream, answer, kind_of
from benchmarks.load.process import Worker

AT_ONCE = 8
MOST_LINES = 48  # most runs have fewer
N_SETTLING = 100


async def vanish(worker: Worker, card: dict, *, times: int, seed: int) -> list[Check]:
    """Of a worker that is ready."""
    rng = random.Random(f"{seed} vanish")
    steady = Steady(worker, requests.slider(card, 0, random.Random("steady")).at(0.37))
    for _ in range(16):
        await answer(worker.address, "/v1/generate", requests.anything(card, rng))
    await answer(worker.address, "/v1/generate?lane=background", requests.background(card, rng))
    await steady.alone()
    before = worker.seen()

    found: Counter[str] = Counter()
    wrong: list[str] = []
    seats = asyncio.Semaphore(AT_ONCE)
    settled = await memory(worker)
    began = time.monotonic()

    async def one(number: int) -> None:
        try:
            found[await _vanish(worker, card, random.Random(f"{seed} {number}"))] += 1
        except (OSError, EOFError, ValueError) as error:
            wrong.append(f"{type(error).__name__} {error}")
        finally:
            seats.release()

    async with asyncio.TaskGroup() as everyone:
        beside = everyone.create_task(steady.again_and_again())
        async with asyncio.TaskGroup() as clients:
            for number in range(times):
                await seats.acquire()
                clients.create_task(one(number))
                if number == min(N_SETTLING, times // 2):
                    settled = await memory(worker)
        steady.enough.set()
        await asyncio.wait([beside])
    took_s = time.monotonic() - began
    left = await left_behind(worker, before)
    await steady.once()
    return [
        figure("clients that vanished", sum(found.values())),
        *(figure(f"  {where}", n) for where, n in sorted(found.items())),
        figure("seconds in all", took_s, " s"),
        at_most("  who could not" + "".join(f"\n    {what}: {n}" for what, n in Counter(wrong).most_common(5)),
                len(wrong), 0),
        at_least("answers to the steady client", len(steady.whole_s), 1),
        figure("  seconds each, median", percentile(steady.whole_s, 0.5), " s"),
        figure("  seconds each, slowest", percentile(steady.whole_s, 1.0), " s"),
        at_most("  other than its first", steady.n_wrong, 0),
        *left,
        growth(settled, await memory(worker)),
    ]  # fmt: skip


class Steady:
    """Who asks the same all the time."""

    def __init__(self, worker: Worker, content: bytes) -> None:
        self._worker = worker
        self._content = content
        self._expected: dict = {}
        self.enough = asyncio.Event()
        self.n_wrong = 0
        self.whole_s: list[float] = []

    async def alone(self) -> None:
        self._expected = answers_of((await answer(self._worker.address, "/v1/generate", self._content))[1])

    async def again_and_again(self) -> None:
        while not self.enough.is_set():
            await self.once()

    async def once(self) -> None:
        began = time.monotonic()
        status, lines = await answer(self._worker.address, "/v1/generate", self._content)
        self.whole_s.append(time.monotonic() - began)
        well = status == 200 and kind_of(lines[-1]) == "done" and not differs(self._expected, answers_of(lines))
        self.n_wrong += not well


async def _vanish(worker: Worker, card: dict, rng: random.Random) -> str:
    """Asks for anything and leaves. Says where it left, and how. Raises what a client that stays would have to see."""
    content = requests.anything(card, rng)
    lane = rng.choice(("interactive", "background"))
    page = rng.choice(("", f"&page=p{rng.randrange(4)}"))
    where = rng.choices(("while asking", "unanswered", "at a line", "after the last line"), (1, 2, 6, 1))[0]
    n_lines = rng.randrange(MOST_LINES)
    resets = rng.random() < 0.5
    async with asyncio.timeout(BACKGROUND_S if lane == "background" else PATIENCE_S):
        stream = await Stream.open(worker.address)
        try:
            stream.ask(f"/v1/generate?lane={lane}{page}", content, rng.random() if where == "while asking" else 1.0)
            if where in ("while asking", "unanswered"):
                await asyncio.sleep(rng.choice((0.0, rng.uniform(0, 0.1))))
            else:
                async for _ in stream.lines():
                    n_lines -= 1
                    if n_lines < 0 and where == "at a line":
                        break
        finally:
            stream.reset() if resets else stream.close()
    if stream.status not in (0, 200, 409):
        raise ValueError(f"answered {stream.status}")
    return f"{where}, {'reset' if resets else 'closed'}"
