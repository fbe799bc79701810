"""A run's lines from any place on, as they come, whichever app makes it. Knows nothing about HTTP.

1. what our own worker says is followed as it arrives
2. what another app's worker says is read from the database, some times a second, when that app has written it
3. a generate run that is made again is told from its beginning: its next line is a second `start`; a study that goes
   on is told on
"""

from collections.abc import AsyncIterator

from app.database.connection import DatabaseBusy
from app.runs.runs import Runs
from app.runs.store import RunStore
from protocol.app.runs import ENDED

_LOOK_EVERY_S = 0.25


async def tail(
    runs: Runs, store: RunStore, run_id: str, *, since: int, telling: int, wait: bool
) -> AsyncIterator[bytes]:
    """Lines of that telling that have at least `since` before them, and all of a later one.

    Ends when the run ends, rests or is deleted, or the app stops; without `wait`, with what is recorded. Holds no
    connection to the database while a reader takes its time.
    """
    n_given = since
    while True:
        live = runs.live(run_id) if wait else None
        if live is not None:
            if live.telling != telling:
                telling, n_given = live.telling, 0
            async for line in live.follow(n_given):
                yield line
                n_given += 1
        try:
            stretch = await store.lines(run_id, n_given)
        except DatabaseBusy:  # it passes; until then there is nothing to tell
            if await runs.stops_within(_LOOK_EVERY_S):
                return
            continue
        if stretch is None:
            return
        if stretch.telling != telling and stretch.state != "queued":
            telling, n_given = stretch.telling, 0
            continue
        for line in stretch.lines:
            yield line
            n_given += 1
        if not stretch.whole:
            continue
        if not wait or stretch.state in (*ENDED, "paused") or await runs.stops_within(_LOOK_EVERY_S):
            return
