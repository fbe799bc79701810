"""What time it is: in words for people, and in the database's own seconds for processes that must agree."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


def timestamp(ago: timedelta = timedelta()) -> str:
    """UTC, ISO 8601, always 27 characters."""
    return (datetime.now(UTC) - ago).isoformat(timespec="microseconds").replace("+00:00", "Z")


def day(timestamp: str) -> str:
    """ISO 8601 as "20 Nov 2026"."""
    at = datetime.fromisoformat(timestamp)
    return f"{at.day} {at:%b %Y}"


def moment(timestamp: str) -> str:
    """ISO 8601 as "20 Nov 2026, 10:31 UTC"."""
    return f"{day(timestamp)}, {datetime.fromisoformat(timestamp):%H:%M} UTC"


class seconds_now(FunctionElement[float]):
    """Seconds since 1970 by the database's clock: apps on several machines need not have the same time."""

    type = Float(53)
    inherit_cache = True


@compiles(seconds_now, "sqlite")
def _in_sqlite(_element: seconds_now, _compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(seconds_now, "postgresql")
def _in_postgres(_element: seconds_now, _compiler: SQLCompiler, **_: object) -> str:
    return "extract(epoch from clock_timestamp())::double precision"
