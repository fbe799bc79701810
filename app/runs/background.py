"""Keeps background runs going, some at a time. Knows nothing about how one is made, nor about other apps."""

import asyncio
import logging

from app.database.connection import DatabaseBusy
from app.runs.queue import RunQueue
from app.runs.runs import Runs
from protocol.refusal import Refused

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5
_LONGEST_PAUSE_S = 5.0


async def keep_going(runs: Runs, queue: RunQueue, n_at_once: int) -> None:
    """Returns when the app stops."""
    await asyncio.gather(*(_one_after_another(runs, queue) for _ in range(n_at_once)))


async def _one_after_another(runs: Runs, queue: RunQueue) -> None:
    """Looks less and less often while the worker is away or busy, or the database is."""
    pause_s = _LOOK_EVERY_S
    while not runs.stopping.is_set():
        try:
            waiting = await queue.oldest()
            if waiting is not None and await runs.make(waiting):
                pause_s = _LOOK_EVERY_S
                continue
        except (Refused, DatabaseBusy):
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        except Exception:
            log.exception("a background run could not be begun")
            pause_s = _LONGEST_PAUSE_S
        await runs.stops_within(pause_s)
