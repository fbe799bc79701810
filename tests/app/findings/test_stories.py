"""The gallery has the findings that ship: added once, never back once withdrawn; each opens in this version."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from app.database.connection import Database
from app.findings import stories
from app.findings.backup import backup
from app.findings.store import FindingStore
from app.findings.stories import STORIES_FILE
from app.settings import Settings
from tests.app.conftest import start


def _in(settings: Settings, does) -> None:
    async def once() -> None:
        database = Database(settings.database)
        await database.open()
        try:
            await does(database)
        finally:
            await database.close()

    asyncio.run(once())


def test_what_ships_is_in_an_empty_gallery_once_and_what_was_withdrawn_stays_away(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "stories.jsonl.gz"
    with start(settings) as app:
        slugs = [app.slug(app.post_run().headers["x-run-id"], title=title) for title in ("one", "two")]
    _in(settings, lambda database: backup(database, file))
    monkeypatch.setattr(stories, "STORIES_FILE", file)
    other = settings.model_copy(update={"data_dir": tmp_path / "other", "database_url": None, "stories": True})
    for _ in range(2):
        with start(other) as app:
            assert {one["slug"] for one in app.get("/api/findings").json()["findings"]} == set(slugs)
            assert app.get(f"/f/{slugs[0]}").status_code == 200
    _in(other, lambda database: FindingStore(database).withdraw(slugs[0], "It was wrong."))
    with start(other) as app:
        assert app.get(f"/f/{slugs[0]}").status_code == 410
    without = other.model_copy(update={"data_dir": tmp_path / "without", "stories": False})
    with start(without) as app:
        assert app.get("/api/findings").json()["total"] == 0


def test_every_finding_that_ships_opens_and_says_what_was_counted(settings: Settings) -> None:
    with gzip.open(STORIES_FILE) as opened:
        rows = [row for kind, row in map(json.loads, opened) if kind == "finding"]
    listed = [row for row in rows if row["listed"]]
    assert len(listed) >= 5 and all(row["note"] for row in listed)
    told = settings.model_copy(update={"stories": True})
    with start(told) as app:
        assert app.get("/api/findings").json()["total"] == len(listed)
        for row in rows:
            for address in ("", ".json", ".html", ".ipynb", "/card.png"):
                assert app.get(f"/f/{row['slug']}{address}").status_code == 200, (row["title"], address)
