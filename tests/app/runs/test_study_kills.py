"""A real study on the real worker, killed for real: what it had is kept, and it ends as if nothing had happened."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from client.client import Client
from protocol.worker.frames import FRAME, Done, Frame
from protocol.worker.names import WorldNames
from protocol.worker.studies import DiscoverRequest
from tests.app.conftest import Spawned, eventually

REQUEST = DiscoverRequest(model="tiny-gemma2-chat", names=WorldNames(most=30), corpus_tokens=2_000)
PATIENT_S = 120.0  # where a dozen others want the same two cores


class Killable:
    """An app with its own worker, on one database whoever runs it."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self.start()

    def start(self) -> None:
        quick = {"HALLUCINOSCOPE_LEASE_S": "1", "HALLUCINOSCOPE_WORKER_RESTART_S": "0.1"}
        self.app = Spawned(self._data_dir, **quick)
        self.client = Client(str(self.app.client.base_url))

    def n_frames(self, run_id: str) -> int:
        return self.client.summary(run_id).n_frames

    def lines(self, run_id: str) -> list[bytes]:
        """Those that are written down."""
        path = f"/api/runs/{run_id}/frames"
        return self.app.client.get(path, params={"wait": False}).content.splitlines(keepends=True)

    def kept(self, run_id: str) -> int:
        """Frames in the database, whoever lives."""
        with closing(sqlite3.connect(self._data_dir / "hallucinoscope.db")) as database:
            return database.execute("select n_frames from runs where id = ?", (run_id,)).fetchone()[0]


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    made = Killable(tmp_path / "data")
    yield made
    if made.app.process.poll() is None:
        made.app.stop()


def _but_for_its_clock(frames: list[Frame]) -> list[Frame]:
    return [frame.model_copy(update={"elapsed_s": 0.0}) if isinstance(frame, Done) else frame for frame in frames]


@pytest.mark.timeout(6 * PATIENT_S)
def test_a_study_whose_worker_and_then_app_are_killed_ends_as_one_that_nobody_touched(killable: Killable) -> None:
    whole = killable.client.result(killable.client.begin(REQUEST).id).frames
    run_id = killable.client.begin(REQUEST).id

    eventually(lambda: killable.n_frames(run_id) > len(whole) // 8, within_s=PATIENT_S)
    os.kill(killable.app.worker_pids()[-1], signal.SIGKILL)
    eventually(lambda: killable.client.summary(run_id).state == "queued", within_s=PATIENT_S)
    first = killable.lines(run_id)
    assert len(whole) // 8 < len(first) < len(whole)

    # as soon as it got on: the last frames of a study come fast
    eventually(lambda: killable.n_frames(run_id) > len(first), within_s=PATIENT_S)
    killable.app.kill()
    n_kept = killable.kept(run_id)
    assert len(first) < n_kept < len(whole), "it was killed mid-way, and what it had is there"
    killable.start()
    second = killable.lines(run_id)
    assert second[: len(first)] == first and len(second) >= n_kept

    again = killable.client.result(run_id)
    told = killable.client.summary(run_id)
    assert (told.state, told.n_frames, told.progress) == ("done", len(whole), 1.0) and told.attempt >= 3
    assert [frame.seq for frame in again.frames] == list(range(len(whole))), "none twice, none left out"
    assert _but_for_its_clock(again.frames) == _but_for_its_clock(whole)
    lines = killable.lines(run_id)
    assert lines[:n_kept] == second[:n_kept] and [FRAME.validate_json(line) for line in lines] == again.frames
    assert killable.client.save(run_id, "It went on").finding.study is not None
