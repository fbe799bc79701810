"""Brings a database's schema up to date. Knows no table and no query; the steps are in `app/migrations`.

1. one process at a time: SQLite by the transaction that `writes`, Postgres by an advisory lock
2. tables that were made before there were migrations count as revision 0001
3. alembic runs what is missing, in the same transaction: all of it or nothing
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).parents[1] / "migrations"
_BEFORE_MIGRATIONS = "0001"
_LOCK = 7_210_417  # any number, the same for all apps


def migrate(connection: Connection, revision: str = "head") -> None:
    """Raises RuntimeError for a database that a newer app has been at."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    now = MigrationContext.configure(connection).get_current_revision()
    if now is None and inspect(connection).has_table("findings"):
        command.stamp(config, _BEFORE_MIGRATIONS)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if now is not None and now not in known:
        raise RuntimeError(
            f"The database's schema is revision {now}. This app knows revisions up to {max(known)}. "
            "Start a newer app on it, or restore a backup into a new database."
        )
    command.upgrade(config, revision)
