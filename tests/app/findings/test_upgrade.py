"""A link is a promise: what the first version saved opens in this one, and after changes that are yet to come."""

import asyncio
import hashlib
import json
import shutil
import sqlite3
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from app.database import schema
from app.database.connection import Database
from app.database.tables import TableBase
from app.settings import Settings
from protocol import upgrade
from protocol.refusal import Refused
from protocol.upgrade import VersionStep, upgraded, version_of
from protocol.version import PROTOCOL
from protocol.worker.frames import FRAME
from tests.app.conftest import Client, start
from tests.app.databases import Databases, execute
from tests.app.frames import recording

RECORDINGS = Path(__file__).parents[2] / "recordings"
SLUG = "KWKfZGav3M"  # the finding in version_1.db


@pytest.fixture
def old(tmp_path: Path) -> Settings:
    """An app whose database was made by the first version, before there were migrations; no worker."""
    data_dir = tmp_path / "old"
    data_dir.mkdir()
    shutil.copy(RECORDINGS / "version_1.db", data_dir / "hallucinoscope.db")
    return Settings(data_dir=data_dir, worker_url="http://127.0.0.1:9")


def _opens(app: Client) -> None:
    page = app.get(f"/f/{SLUG}")
    assert page.status_code == 200 and "A finding of version 1" in page.text
    finding = app.get(f"/api/findings/{SLUG}").json()
    assert finding["answers"]["baseline"]["outcome"] == "refused" and finding["answers"]["steered"]["strength"] == 1.5
    lines = app.get(f"/api/findings/{SLUG}/frames").content.splitlines()
    assert [FRAME.validate_json(line).kind for line in lines][:3] == ["start", "prompt", "step"]
    raw = app.get(f"/api/findings/{SLUG}/recording").content
    assert hashlib.sha256(raw).hexdigest() == finding["recording_sha256"]
    assert raw == (RECORDINGS / "version_1.jsonl").read_bytes()
    assert app.get("/api/findings?q=batkin").json()["findings"][0]["slug"] == SLUG


def test_a_link_of_version_1_opens(old: Settings) -> None:
    with start(old) as app:
        _opens(app)
    with start(old) as app:  # and again, now that its database is of this version
        _opens(app)


async def test_an_old_database_is_opened_while_somebody_else_writes_in_it(old: Settings) -> None:
    """As where two apps start on it: the one who comes second waits."""
    other = sqlite3.connect(old.data_dir / "hallucinoscope.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(old.database)
    opening = asyncio.ensure_future(database.open())
    await asyncio.wait([opening], timeout=0.2)
    assert not opening.done(), opening.exception()
    other.execute("COMMIT")
    await opening
    await database.close()
    other.close()


REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{name}", "{before}", None, None
def upgrade():
    {does}
"""


def test_a_link_of_version_1_opens_after_two_more_changes_of_schema_and_protocol(
    old: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changes are made here: a column that SQLite can only change by making its table anew, a new table; and a
    field that is renamed and then moves."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    wider = (
        'with op.batch_alter_table("recordings", recreate="always") as t: t.alter_column("sha256", type_=sa.String(99))'
    )
    more = 'op.create_table("stars", sa.Column("slug", sa.String(22), primary_key=True))'
    newest = max(file.name for file in (folder / "versions").glob("0*.py"))[:4]
    (folder / "versions" / "a.py").write_text(REVISION.format(name="a", before=newest, does=wider))
    (folder / "versions" / "b.py").write_text(REVISION.format(name="b", before="a", does=more))
    monkeypatch.setattr(schema, "MIGRATIONS", folder)

    def renames(frame: dict) -> None:
        if frame["kind"] == "prompt":
            for arm in frame["arms"]:
                arm["odds_of_refusing"] = arm.pop("refusal_logodds")

    def moves(frame: dict) -> None:
        if frame["kind"] == "prompt":
            for arm in frame["arms"]:
                arm["refusal_logodds"] = arm.pop("odds_of_refusing")

    seen: list[int] = []
    steps = {
        **upgrade.STEPS,
        PROTOCOL: VersionStep(lambda request: seen.append(PROTOCOL), renames),
        PROTOCOL + 1: VersionStep(lambda request: seen.append(PROTOCOL + 1), moves),
    }
    monkeypatch.setattr(upgrade, "STEPS", steps)
    with start(old) as app:
        _opens(app)
        assert app.get(f"/api/findings/{SLUG}/frames").text.splitlines()[0].count(f'"protocol":{PROTOCOL + 2}') == 1
    assert seen[:2] == [PROTOCOL, PROTOCOL + 1]
    assert execute(old, "select count(*) from stars") == [(0,)]
    assert execute(old, "select version_num from alembic_version") == [("b",)]
    assert execute(old, "select count(*) from findings") == [(1,)], "making a table anew emptied those that refer to it"


@pytest.mark.parametrize("path", ["/compare?a={}", "/api/findings/{}/frames", "/f/{}.html"])
def test_the_app_answers_others_while_an_old_recording_is_upgraded(
    old: Settings, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    began, answered = Event(), Event()

    def slow(frame: dict) -> None:
        if frame["kind"] == "start":
            began.set()
            assert answered.wait(30)

    with start(old) as app:
        monkeypatch.setattr(upgrade, "STEPS", upgrade.STEPS | {PROTOCOL: VersionStep(lambda request: None, slow)})
        with ThreadPoolExecutor(1) as pool, Client(app.base_url) as reader:
            page = pool.submit(reader.get, path.format(SLUG))
            assert began.wait(30)
            assert app.get("/readyz").status_code == 503, "it has no worker"
            answered.set()
            assert page.result().status_code == 200


def test_a_frame_that_no_step_knows_is_refused_not_guessed() -> None:
    future = b"".join(recording()).replace(f'"protocol":{PROTOCOL}'.encode(), b'"protocol":99', 1)
    with pytest.raises(Refused) as refused:
        upgraded(future)
    assert "99" in refused.value.refusal.asked


def test_a_recording_of_today_is_handed_out_byte_for_byte() -> None:
    today = b"".join(recording())
    assert version_of(today) == PROTOCOL and upgraded(today) is today


OLD = {"version_1": 1, "version_2": 2, "studies/version_2": 2}


def test_there_is_a_recording_of_every_older_version() -> None:
    assert set(OLD.values()) == set(range(1, PROTOCOL))


@pytest.mark.parametrize("name", OLD)
def test_upgrading_changes_nothing_that_an_older_version_measured(name: str) -> None:
    old = (RECORDINGS / f"{name}.jsonl").read_bytes()
    assert version_of(old) == OLD[name]
    for before, after in zip(old.splitlines(), upgraded(old).splitlines(), strict=True):
        assert _is_part_of(json.loads(before) | {"protocol": None}, json.loads(after) | {"protocol": None})


@pytest.mark.parametrize("name", OLD)
def test_an_upgraded_recording_says_all_that_one_of_today_says(name: str) -> None:
    """Pages and exports read one spelling only."""
    for line in upgraded((RECORDINGS / f"{name}.jsonl").read_bytes()).splitlines():
        assert FRAME.validate_json(line).model_dump(mode="json") == json.loads(line)


def _is_part_of(before: object, after: object) -> bool:
    if isinstance(before, dict):
        return all(_is_part_of(value, after[name]) for name, value in before.items())
    if isinstance(before, list):
        return len(before) == len(after) and all(map(_is_part_of, before, after))
    return before == after


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_the_migrations_make_exactly_the_tables_that_the_code_has(
    kind: str, databases: Databases, tmp_path: Path
) -> None:
    database = Database(Settings(data_dir=tmp_path, database_url=databases.new(kind)).database)
    await database.open()

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), TableBase.metadata)

    async with database.writing() as session:
        assert await (await session.connection()).run_sync(differences) == []
    await database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_apps_that_open_a_new_database_at_once_migrate_it_once(kind: str, databases: Databases, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=databases.new(kind))
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(_open, [settings.database] * 4))
    assert len(execute(settings, "select version_num from alembic_version")) == 1


def _open(url: str) -> None:
    async def once() -> None:
        database = Database(url)
        await database.open()
        await database.close()

    asyncio.run(once())


def test_a_database_that_a_newer_app_has_been_at_is_left_alone(old: Settings) -> None:
    with start(old):
        pass
    with sqlite3.connect(old.data_dir / "hallucinoscope.db") as database:
        database.execute("update alembic_version set version_num = '9999'")
    with pytest.raises(RuntimeError, match="revision 9999"):
        _open(old.database)
