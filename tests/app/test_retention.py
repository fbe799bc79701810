"""Runs that nobody saved are forgotten; findings never are."""

import sqlite3

from app.settings import Settings
from tests.app.conftest import eventually, start


def _age(settings: Settings, *run_ids: str) -> None:
    with sqlite3.connect(settings.data_dir / "hallucinoscope.db") as database:
        for run_id in run_ids:
            database.execute("update runs set created = '2020-01-01T00:00:00.000000Z' where id = ?", (run_id,))


def test_an_unsaved_run_is_gone_after_its_time_and_a_saved_one_stays(settings: Settings) -> None:
    with start(settings) as app:
        old, saved, young = (app.post_run().headers["x-run-id"] for _ in range(3))
        slug = app.save(saved).json()["slug"]
        _age(settings, old, saved)
    with start(settings) as app:
        eventually(lambda: app.get(f"/api/runs/{old}").status_code == 404)
        assert app.get(f"/api/runs/{old}/frames").status_code == 404
        assert app.state(young) == "done" and app.state(saved) == "done"
        assert app.get(f"/api/findings/{slug}/frames").content
    with sqlite3.connect(settings.data_dir / "hallucinoscope.db") as database:
        assert database.execute("select count(*) from frames where run_id = ?", (old,)).fetchone() == (0,)
