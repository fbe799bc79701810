"""A connection to the database: its pragmas, its transactions. Knows no query and no schema.

SQLite's legacy driver begins transactions late and upgrades them from read to write,
which fails at once, however long the busy timeout, when another writer came between.
So BEGIN is ours, and a transaction that will write says so when it begins.

Another program may hold the database: then a statement waits, which `Database.waits` tells, and after WAIT_MS it is
DatabaseBusy, which is nobody's mistake and passes.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import await_only

from app.database.schema import migrate

WAIT_MS = 10_000  # for another process that writes
TELL_AFTER_S = 1.0  # a statement that takes longer waits for somebody
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_BUSY_STATES = ("55P03", "40P01", "53300", "57P03")  # lock not available, deadlock, too many connections, starting


class DatabaseBusy(Exception):
    """Another program holds the database, or it takes no connection."""


class Database:
    """`reading` sees one consistent state; `writing` commits everything or nothing. failed: called for each statement
    that was not carried out."""

    def __init__(self, url: str, failed: Callable[[], None] = lambda: None) -> None:
        self._url = _with_driver(make_url(url))
        # Who reads never waits for a connection that waits to write. SQLite has one writer at a time, so one
        # connection is enough; more would only sleep in its busy handler.
        if self._url.get_backend_name() == "sqlite":
            reading, writing = _engine(self._url), _engine(self._url, pool_size=1, max_overflow=0)
        else:
            # Postgres would let each statement see a newer state; SQLite's transactions are snapshots anyway.
            reading, writing = _engine(self._url, isolation_level="REPEATABLE READ"), _engine(self._url)
        self._engines = (reading, writing)
        self._under_way: dict[int, float] = {}  # since when, by connection
        self._in_vain = False  # what was asked last, of those that write
        for engine in self._engines:
            event.listen(engine.sync_engine, "before_cursor_execute", self._begins)
            event.listen(engine.sync_engine, "after_cursor_execute", self._ended)
            event.listen(engine.sync_engine, "handle_error", self._failed)
        event.listen(writing.sync_engine, "after_cursor_execute", self._came_through)
        self._count_failure = failed
        self._readers = async_sessionmaker(reading, expire_on_commit=False)
        self._writers = async_sessionmaker(writing.execution_options(writes=True), expire_on_commit=False)

    async def open(self) -> None:
        """Makes the folder of an SQLite file, and brings the schema up to date. Raises RuntimeError where a newer
        app has been."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
        # SQLite changes a column by making its table anew; with foreign keys on, dropping the old one would empty
        # the tables that refer to it.
        engine = _engine(self._url, foreign_keys=False)
        try:
            async with engine.execution_options(writes=True).begin() as connection:
                await connection.run_sync(migrate)
        finally:
            await engine.dispose()

    @property
    def waits(self) -> bool:
        """Whether something that was asked of it waits for another program right now, or last waited in vain."""
        return self._in_vain or any(time.monotonic() - since > TELL_AFTER_S for since in self._under_way.values())

    async def close(self) -> None:
        for engine in self._engines:
            await engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        with _told():
            async with self._readers() as session:
                yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        try:
            with _told():
                async with self._writers.begin() as session:
                    yield session
        except DatabaseBusy:
            self._in_vain = True
            raise

    def _begins(self, connection: Connection, *_: object) -> None:
        self._under_way[id(connection)] = time.monotonic()

    def _ended(self, connection: Connection, *_: object) -> None:
        self._under_way.pop(id(connection), None)

    def _came_through(self, *_: object) -> None:
        self._in_vain = False

    def _failed(self, context: ExceptionContext) -> None:
        self._ended(context.connection) if context.connection is not None else None
        self._count_failure()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if isinstance(error, PoolTimeout) or _is_busy(error):
            raise DatabaseBusy(type(error).__name__) from error
        raise


def _is_busy(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        cause = error.orig and error.orig.__cause__
        return error.connection_invalidated or getattr(cause, "sqlstate", None) in _BUSY_STATES
    return code & 0xFF in _BUSY


def _with_driver(url: URL) -> URL:
    """The names that other tools give a Postgres URL mean the one driver that we have for it."""
    plain = url.drivername in ("postgres", "postgresql")
    return url.set(drivername="postgresql+asyncpg") if plain else url


def _engine(url: URL, *, foreign_keys: bool = True, **options: Any) -> AsyncEngine:
    # Errors are logged, and parameters are what people typed.
    engine = create_async_engine(url, hide_parameters=True, **options)
    if url.get_backend_name() == "sqlite":

        def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
            connection.isolation_level = None
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {WAIT_MS}")
            _keep_in_wal(cursor)
            cursor.execute("PRAGMA synchronous = FULL")  # what was answered "saved" survives a power cut
            cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
            cursor.close()

        event.listen(engine.sync_engine, "connect", set_up)
        event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _keep_in_wal(cursor: DBAPICursor) -> None:
    """A file that isn't yet in this mode can be brought into it while nobody writes; where somebody does, perhaps
    because he brings it there, SQLite says so at once, whatever the busy timeout."""
    end = time.monotonic() + WAIT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > end:
                raise
        await_only(asyncio.sleep(0.02))


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
