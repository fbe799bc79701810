"""Findings that ship with the app: a backup that is restored at each start, so what is missing of it is there again,
and what an operator withdrew stays withdrawn. Knows nothing about what they tell.
"""

import logging

from sqlalchemy.exc import IntegrityError

from app.database.connection import Database
from app.findings.backup import restore
from app.settings import ROOT

log = logging.getLogger(__name__)

STORIES_FILE = ROOT / "static" / "first" / "stories.jsonl.gz"


async def add_stories(database: Database) -> None:
    """Raises NotABackup."""
    if not STORIES_FILE.is_file():
        return
    try:
        added = await restore(database, STORIES_FILE)
    except IntegrityError:
        log.info("another app on this database adds the findings that ship")
        return
    if added:
        log.info("%d findings that ship were added", added["finding"])
