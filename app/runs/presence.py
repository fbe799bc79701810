"""That this app lives, and which others don't. Knows nothing about what a run is for.

1. every app says that it lives, three times a lease, by the database's clock
2. whose last word is older than a lease is dead, and so is whoever never said one: their runs are interrupted
3. an app that was only thought dead finds that its claims hold no longer, and stops relaying
4. who could not say a word for a lease, such as when another program held the database, takes nobody for dead before
   the next beat: the others may have waited too
"""

import asyncio
import logging
import time

from sqlalchemy import ColumnElement, delete, func, or_, select, update

from app import ids
from app.clock import seconds_now
from app.database.connection import Database, DatabaseBusy
from app.database.tables import AppRow, Run
from app.runs.queue import interrupt

log = logging.getLogger(__name__)


class Presence:
    """This process among the apps on its database. `id` is its own, and drawn anew each time it starts."""

    def __init__(self, database: Database, lease_s: float) -> None:
        self.id = ids.new_run_id()
        self._database = database
        self._lease_s = lease_s
        self._beaten_at: float | None = None

    async def beat(self) -> None:
        """Says that this app lives, and takes over from those that don't."""
        async with self._database.writing() as session:
            alive = update(AppRow).where(AppRow.id == self.id).values(heartbeat=seconds_now()).returning(AppRow.id)
            if await session.scalar(alive) is None:
                session.add(AppRow(id=self.id, heartbeat=seconds_now()))
        before, self._beaten_at = self._beaten_at, time.monotonic()
        if before is not None and self._beaten_at - before > self._lease_s:
            return
        living = select(AppRow.id).where(~self._silent)
        if n_runs := await self._interrupt(or_(Run.owner.is_(None), Run.owner.not_in(living))):
            log.warning("%d runs were under way in an app that is gone", n_runs)
        async with self._database.writing() as session:
            await session.execute(delete(AppRow).where(self._silent))

    async def keep(self) -> None:
        """Never returns. A failure is logged and tried again at the next beat."""
        while True:
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self.beat()
            except DatabaseBusy:
                log.warning("this app could not say that it lives: the database is held")
            except Exception:
                log.exception("this app could not say that it lives")

    async def leave(self) -> None:
        """So that nobody need wait for the end of the lease. A failure is logged: then they wait."""
        try:
            await self._interrupt(Run.owner == self.id)
            async with self._database.writing() as session:
                await session.execute(delete(AppRow).where(AppRow.id == self.id))
        except Exception:
            log.exception("this app could not say that it leaves")

    async def disown(self, run_ids: set[str]) -> None:
        """Interrupts runs that are ours by their row, and that nobody here relays."""
        await self._interrupt(Run.owner == self.id, Run.id.in_(run_ids))

    @property
    def _silent(self) -> ColumnElement[bool]:
        # either way: where a clock was set back, the dead must not seem alive until it has caught up
        return func.abs(seconds_now() - AppRow.heartbeat) > self._lease_s

    async def _interrupt(self, *which: ColumnElement[bool]) -> int:
        async with self._database.writing() as session:
            # those that somebody else holds are being written or taken over right now; the next beat sees them again
            orphans = select(Run).where(Run.state == "running", *which).with_for_update(skip_locked=True)
            runs = list(await session.scalars(orphans))
            for run in runs:
                await interrupt(session, run)
            return len(runs)
