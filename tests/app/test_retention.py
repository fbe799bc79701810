"""Runs that nobody saved are forgotten; findings never are."""

from app.settings import Settings
from tests.app.conftest import eventually, start
from tests.app.databases import execute


def _age(settings: Settings, *run_ids: str) -> None:
    for run_id in run_ids:
        execute(settings, "update runs set created = '2020-01-01T00:00:00.000000Z' where id = :id", id=run_id)


def test_an_unsaved_run_is_gone_after_its_time_and_a_saved_one_stays(settings: Settings) -> None:
    with start(settings) as app:
        old, saved, young = (app.post_run().headers["x-run-id"] for _ in range(3))
        slug = app.slug(saved)
        _age(settings, old, saved)
    with start(settings) as app:
        eventually(lambda: app.get(f"/api/runs/{old}").status_code == 404)
        assert app.get(f"/api/runs/{old}/frames").status_code == 404
        assert app.state(young) == "done" and app.state(saved) == "done"
        assert app.get(f"/api/findings/{slug}/frames").content
    assert execute(settings, "select count(*) from frames where run_id = :id", id=old) == [(0,)]
