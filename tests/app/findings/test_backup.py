"""Backup and restore: every finding, byte for byte, also into the other kind of database."""

import asyncio
import gzip
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.database.connection import Database
from app.findings.backup import NotABackup, backup, restore
from app.settings import Settings
from tests.app.conftest import start
from tests.app.databases import KINDS, Databases


def _with(settings: Settings, does: Callable, path: Path) -> Counter[str]:
    async def once() -> Counter[str]:
        database = Database(settings.database)
        await database.open()
        try:
            return await does(database, path)
        finally:
            await database.close()

    return asyncio.run(once())


@pytest.fixture
def filled(settings: Settings) -> tuple[Settings, dict[str, bytes], str]:
    """A database with two findings of one run, the second a pair with itself; one of another; one that was deleted."""
    with start(settings) as app:
        run_id = app.post_run().headers["x-run-id"]
        slugs = [app.slug(run_id, title="one"), app.slug(run_id, title="two", second={"run_id": run_id})]
        slugs.append(app.slug(app.post_run().headers["x-run-id"], title="three ✓", parent=slugs[0]))
        gone = app.save(run_id).json()
        app.delete(f"/api/findings/{gone['finding']['slug']}", headers={"X-Delete-Token": gone["delete_token"]})
        kept = {slug: app.get(f"/api/findings/{slug}/recording").content for slug in slugs}
    return settings, kept, gone["finding"]["slug"]


@pytest.mark.parametrize("into", KINDS)
def test_a_restored_database_has_every_finding_byte_for_byte(
    filled: tuple[Settings, dict[str, bytes], str], into: str, databases: Databases, tmp_path: Path
) -> None:
    settings, kept, gone = filled
    file = tmp_path / "all.backup"
    assert _with(settings, backup, file)["finding"] == 4
    assert file.stat().st_mode & 0o077 == 0, "others can read it"
    other = settings.model_copy(update={"data_dir": tmp_path / "other", "database_url": databases.new(into)})
    first, again = _with(other, restore, file), _with(other, restore, file)
    assert (first["finding"], first["tombstone"], again) == (4, 1, Counter())
    with start(settings) as before, start(other) as after:
        for slug, recording in kept.items():
            assert after.get(f"/api/findings/{slug}/recording").content == recording
            assert after.get(f"/api/findings/{slug}").json() == before.get(f"/api/findings/{slug}").json()
        assert after.get(f"/f/{gone}").status_code == 410
        assert [f["title"] for f in after.get("/api/findings?q=three").json()["findings"]] == ["three ✓"]


def test_what_was_deleted_since_stays_deleted(settings: Settings, tmp_path: Path) -> None:
    with start(settings) as app:
        saved = app.save(app.post_run().headers["x-run-id"]).json()
        slug = saved["finding"]["slug"]
        _with(settings, backup, tmp_path / "b")
        app.delete(f"/api/findings/{slug}", headers={"X-Delete-Token": saved["delete_token"]})
    assert _with(settings, restore, tmp_path / "b")["finding"] == 0
    with start(settings) as app:
        assert app.get(f"/f/{slug}").status_code == 410


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _without_its_end(data: bytes) -> bytes:
    return gzip.compress(b"".join(gzip.decompress(data).splitlines(keepends=True)[:-1]))


def _with_a_row_less(data: bytes) -> bytes:
    lines = gzip.decompress(data).splitlines(keepends=True)
    return gzip.compress(b"".join(lines[:-2] + lines[-1:]))


def _with_another_byte_in_a_recording(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b'"data":"ey', b'"data":"eZ', 1))


@pytest.mark.parametrize(
    "harm",
    [_cut, _without_its_end, _with_a_row_less, _with_another_byte_in_a_recording, lambda _: b"", lambda _: b"what?"],
)
def test_a_damaged_file_is_refused_and_changes_nothing(
    filled: tuple[Settings, dict[str, bytes], str], harm: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    settings, _, _ = filled
    file = tmp_path / "b"
    _with(settings, backup, file)
    file.write_bytes(harm(file.read_bytes()))
    other = settings.model_copy(update={"data_dir": tmp_path / "other", "database_url": None})
    with pytest.raises(NotABackup):
        _with(other, restore, file)
    with start(other) as app:
        assert app.get("/api/findings").json()["total"] == 0
