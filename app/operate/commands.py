"""What only whoever runs the machine can do: backup, restore, withdrawing a finding. No route leads here.

All of it works while apps run on the database, and while none does.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from app import ids
from app.database.connection import Database
from app.findings.backup import NotABackup, backup, restore
from app.findings.store import FindingStore
from app.refusals import unknown_finding
from app.settings import Settings
from protocol.refusal import Refused

T = TypeVar("T")


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    saving = commands.add_parser("backup", help="write all findings to one file")
    saving.add_argument("file", type=Path)
    saving.set_defaults(command=_backup)
    reading = commands.add_parser("restore", help="add the findings of a backup that are missing here")
    reading.add_argument("file", type=Path)
    reading.set_defaults(command=_restore)
    taking = commands.add_parser("withdraw", help="delete a finding, whoever saved it; its link says why")
    taking.add_argument("slug", help="what its link ends in")
    taking.add_argument("--because", required=True, metavar="SENTENCE", help="shown to whoever opens the link")
    taking.set_defaults(command=_withdraw)


def _backup(settings: Settings, options: argparse.Namespace) -> None:
    if not options.file.parent.is_dir():
        sys.exit(f"There is no folder {options.file.parent}. Make it, or name another.")
    counts = _on_database(settings, lambda database: backup(database, options.file))
    print(f"{options.file}: {counts['finding']} findings, {counts['recording']} recordings")


def _restore(settings: Settings, options: argparse.Namespace) -> None:
    async def both(database: Database) -> int:
        added = await restore(database, options.file)
        await FindingStore(database).index_old()
        return added["finding"]

    try:
        n_added = _on_database(settings, both)
    except NotABackup as problem:
        sys.exit(f"{options.file} was not restored, and nothing was changed. {problem}")
    print(f"{n_added} findings were missing here and are back")


def _withdraw(settings: Settings, options: argparse.Namespace) -> None:
    try:
        if not ids.looks_like_one(options.slug):
            raise unknown_finding()
        _on_database(settings, lambda database: FindingStore(database).withdraw(options.slug, options.because))
    except Refused as refused:
        sys.exit(str(refused))
    print(f"f/{options.slug} is withdrawn")


def _on_database(settings: Settings, does: Callable[[Database], Awaitable[T]]) -> T:
    async def once() -> T:
        database = Database(settings.database)
        await database.open()
        try:
            return await does(database)
        finally:
            await database.close()

    return asyncio.run(once())
