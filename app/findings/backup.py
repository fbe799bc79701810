"""All findings as one file, and back: between SQLite and Postgres too. Knows nothing about runs that nobody saved.

The file is gzipped JSON Lines: a header, a line a row, and a last line that counts them, without which the file is
not whole. Rows are their columns; recordings travel as base64 and are checked against their hash.

A restore adds what is missing and changes nothing that is there; what was deleted there stays deleted.
"""

import base64
import gzip
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from app.clock import timestamp
from app.database.connection import Database
from app.database.tables import FindingRow, RecordingRow, TableBase, Tombstone, VerificationRow

FORMAT = 1
_TABLES: dict[str, type[TableBase]] = {
    "recording": RecordingRow,
    "tombstone": Tombstone,
    "finding": FindingRow,
    "verification": VerificationRow,
}
"""In the order in which they refer to each other."""

DatabaseRow = dict[str, Any]


class NotABackup(Exception):
    """What is wrong with the file, in a sentence."""


async def backup(database: Database, path: Path) -> Counter[str]:
    """Writes the file, whole or not at all; says how many rows of each kind. Readable by its owner only: it holds
    hashes of delete tokens."""
    part = path.with_name(path.name + ".part")
    counts: Counter[str] = Counter()
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as zipped:
            _write(zipped, "backup", {"format": FORMAT, "created": timestamp()})
            async with database.reading() as session:
                for kind, table in _TABLES.items():
                    key = inspect(table).primary_key[0]
                    for one in list(await session.scalars(select(key).order_by(key))):
                        row = await session.get_one(table, one, options=[undefer("*")])
                        _write(zipped, kind, _columns(row))
                        session.expunge(row)  # recordings are large: one at a time in memory
                        counts[kind] += 1
            _write(zipped, "end", dict(counts))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return counts


async def restore(database: Database, path: Path) -> Counter[str]:
    """Says how many rows of each kind were missing. Raises NotABackup, and has then changed nothing."""
    added: Counter[str] = Counter()
    async with database.writing() as session:
        for kind, row in _rows(path):
            if await _add(session, kind, row):
                added[kind] += 1
    return added


async def _add(session: AsyncSession, kind: str, row: DatabaseRow) -> bool:
    table = _TABLES[kind]
    unknown = row.keys() - {column.key for column in inspect(table).columns}
    if unknown:
        raise NotABackup(f"It holds {', '.join(sorted(unknown))}, which this version does not know; use a newer one.")
    if table is RecordingRow:
        row["data"] = base64.b64decode(row["data"])
        if hashlib.sha256(row["data"]).hexdigest() != row["sha256"]:
            raise NotABackup(f"The recording {row['sha256']} is damaged.")
    elif table is FindingRow:
        row["indexed_by"] = 0  # made anew when the app starts
        if await session.get(Tombstone, row["slug"]):
            return False
    elif table is Tombstone:
        if await session.get(FindingRow, row["slug"]):
            return False
    elif table is VerificationRow:
        del row["id"]
        same = [getattr(VerificationRow, name) == value for name, value in row.items()]
        if await session.scalar(select(VerificationRow.id).where(*same)):
            return False
    key = inspect(table).primary_key[0].key
    if key in row and await session.get(table, row[key]) is not None:
        return False
    session.add(made := table(**row))
    await session.flush()
    session.expunge(made)
    return True


def _rows(path: Path) -> Iterator[tuple[str, DatabaseRow]]:
    """All lines but header and end, which it checks."""
    counts: Counter[str] = Counter()
    try:
        with gzip.open(path, "rb") as zipped:
            kind, header = _read(zipped.readline())
            if kind != "backup" or header.get("format") != FORMAT:
                raise NotABackup(f"It is not a backup of format {FORMAT}.")
            for line in zipped:
                kind, row = _read(line)
                if kind == "end":
                    if row != counts:
                        raise NotABackup("Rows are missing.")
                    return
                if kind not in _TABLES:
                    raise NotABackup(f"It holds a {kind[:20]}, which this version does not know.")
                counts[kind] += 1
                yield kind, row
    except (OSError, EOFError) as error:
        raise NotABackup(f"It can't be read: {error}.") from None
    raise NotABackup("It is cut short.")


def _read(line: bytes) -> tuple[str, DatabaseRow]:
    try:
        kind, row = json.loads(line)
    except ValueError:
        raise NotABackup("A line is not one of a backup.") from None
    return kind, row


def _write(file: BinaryIO | gzip.GzipFile, kind: str, row: DatabaseRow) -> None:
    file.write(json.dumps([kind, row], separators=(",", ":")).encode() + b"\n")


def _columns(row: TableBase) -> DatabaseRow:
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}
    return {name: base64.b64encode(v).decode() if isinstance(v, bytes) else v for name, v in values.items()}
