"""A dozen kills by `benchmarks.kills`, which does hundreds: no promise is broken, and nothing stays stuck."""

from pathlib import Path

from benchmarks.kills.__main__ import Trial
from tests.app.databases import Databases

N_KILLS = 6


def test_killing_the_app_and_its_worker_at_random_loses_nothing_and_leaves_nothing_stuck(
    tmp_path: Path, databases: Databases, kind: str
) -> None:
    trial = Trial(tmp_path / "data", scripted=True, database_url=databases.new(kind), seed=7)
    try:
        for _ in range(N_KILLS):
            trial.round()
        summary = trial.finish()
    finally:
        trial.close()
    assert summary["failures"] == []
    assert set(summary["kills"]) == {"app", "worker"} and summary["findings"]["saved"] > 0
