"""Checks under way. A check takes as long as the run did, which on a large model is minutes: it runs by itself, and who
asked waits for a while, is told how far it has come, and asks again.

Knows nothing about HTTP, nor about what is compared.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protocol.app.verify import Checking, Verification
from protocol.refusal import Refused

ANSWER_WITHIN_S = 20.0
MOST_CHECKS = 8
_KEPT_S = 600.0  # what came out, for who asks again

Arrived = Callable[[], None]
"""To be called at each frame of the replay."""


@dataclass
class _Check:
    task: asyncio.Task[Verification]
    began: float
    n_frames: int = 0
    ended: float | None = None


class Checks:
    """One of a finding at a time: who asks for another meanwhile is told of the one that is under way."""

    def __init__(self, answer_within_s: float = ANSWER_WITHIN_S) -> None:
        self._answer_within_s = answer_within_s
        self._known: dict[str, _Check] = {}

    async def ask(
        self, slug: str, check: Callable[[Arrived], Awaitable[Verification]], n_recorded: int
    ) -> Verification | Checking:
        """n_recorded: frames that were recorded, about as many as will come. Raises what the check raises, and Refused
        (503) where too many are under way."""
        now = time.monotonic()
        for one, own in tuple(self._known.items()):
            if own.ended is not None and now - own.ended > _KEPT_S:
                del self._known[one]
        known = self._known.get(slug) or self._begin(slug, check)
        done, _ = await asyncio.wait({known.task}, timeout=self._answer_within_s)
        if not done:
            for_s = round(time.monotonic() - known.began, 1)
            return Checking(for_s=for_s, n_frames=known.n_frames, n_recorded=n_recorded)
        if self._known.get(slug) is known:
            del self._known[slug]
        return known.task.result()

    def close(self) -> None:
        for one in self._known.values():
            one.task.cancel()

    def _begin(self, slug: str, check: Callable[[Arrived], Awaitable[Verification]]) -> _Check:
        if sum(one.ended is None for one in self._known.values()) >= MOST_CHECKS:
            raise _too_many()

        async def run() -> Verification:
            return await check(arrived)

        def arrived() -> None:
            begun.n_frames += 1

        def over(_task: asyncio.Task[Verification]) -> None:
            begun.ended = time.monotonic()

        begun = self._known[slug] = _Check(asyncio.create_task(run(), name=f"check {slug}"), time.monotonic())
        begun.task.add_done_callback(over)
        return begun


def _too_many() -> Refused:
    return Refused(
        503,
        "checks_busy",
        "One more check asked.",
        f"{MOST_CHECKS} are under way, the most at a time.",
        "Try again when one has ended.",
    )
