"""Runs that nobody saved are forgotten: after their time, and the oldest when all together take too much. Knows
nothing about findings. Several apps may do this on one database: what one has deleted, the next does not find."""

import asyncio
import logging
from datetime import timedelta

from app.database.connection import DatabaseBusy
from app.runs.store import RunStore

log = logging.getLogger(__name__)

_EVERY_S = 60.0


async def forget_unsaved(store: RunStore, keep: timedelta, max_bytes: int) -> None:
    """Never returns. A failure is logged and tried again a minute later."""
    while True:
        try:
            if n_old := await store.forget_older(keep):
                log.info("forgot %d unsaved runs older than %s", n_old, keep)
            if n_beyond := await store.forget_beyond(max_bytes):
                log.warning("forgot %d unsaved runs before their time: all had more than %d bytes", n_beyond, max_bytes)
        except DatabaseBusy:
            log.warning("unsaved runs could not be deleted: the database is held")
        except Exception:
            log.exception("unsaved runs could not be deleted")
        await asyncio.sleep(_EVERY_S)
