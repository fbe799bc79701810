"""Runs that nobody saved are forgotten: at start, and every hour. Knows nothing about findings."""

import asyncio
import logging
from datetime import timedelta

from app.run_store import RunStore

log = logging.getLogger(__name__)

_EVERY_S = 3600.0


async def forget_unsaved(store: RunStore, keep: timedelta) -> None:
    """Never returns. A failure is logged and tried again an hour later."""
    while True:
        try:
            n_forgotten = await store.delete_unsaved(keep)
            if n_forgotten:
                log.info("forgot %d unsaved runs older than %s", n_forgotten, keep)
        except Exception:
            log.exception("unsaved runs could not be deleted")
        await asyncio.sleep(_EVERY_S)
