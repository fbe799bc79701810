"""Runs that nobody saved are forgotten; findings never are."""

from datetime import timedelta

from app.clock import timestamp
from app.settings import Settings
from tests.app.conftest import eventually, start
from tests.app.databases import execute
from tests.app.frames import recording


def _age(settings: Settings, *run_ids: str) -> None:
    for run_id in run_ids:
        long_ago = "'2020-01-01T00:00:00.000000Z'"
        execute(settings, f"update runs set created = {long_ago}, stood = {long_ago} where id = :id", id=run_id)


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


def test_when_unsaved_runs_take_too_much_the_oldest_go_first(settings: Settings) -> None:
    size = sum(map(len, recording()))
    with start(settings) as app:
        saved, *unsaved = (app.post_run().headers["x-run-id"] for _ in range(5))
        app.slug(saved)
        for age, run_id in enumerate([saved, *unsaved]):
            execute(settings, "update runs set created = :at where id = :id", at=_timestamp(age), id=run_id)
    small = settings.model_copy(update={"max_unsaved_bytes": 2 * size + 1})
    with start(small) as app, start(small) as other:
        eventually(lambda: other.get(f"/api/runs/{unsaved[1]}").status_code == 404)
        assert [app.get(f"/api/runs/{run_id}").status_code for run_id in unsaved] == [404, 404, 200, 200]
        assert app.state(saved) == "done"


def test_what_waits_or_runs_is_never_forgotten(settings: Settings) -> None:
    with start(settings) as app:
        ended, waiting = app.post_run().headers["x-run-id"], app.post_run().headers["x-run-id"]
        _age(settings, ended, waiting)
        execute(settings, "update runs set state = 'queued', lane = 'background' where id = :id", id=waiting)
    tight = settings.model_copy(update={"max_unsaved_bytes": 1, "background_runs": 0})
    with start(tight) as app:
        eventually(lambda: app.get(f"/api/runs/{ended}").status_code == 404)
        assert app.state(waiting) == "queued"


def _timestamp(hours: int) -> str:
    """Later with every hour, and today."""
    return timestamp(timedelta(hours=10 - hours))
