"""One runner for all studies: it says what was not said before, and nothing twice."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from model_worker.engine import Engine
from model_worker.model.loading import Loaded
from model_worker.studies.catalogue import PLANNERS
from model_worker.studies.run import study
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from protocol.worker.frames import Frame
from protocol.worker.studies import KnowledgeRequest
from protocol.worker.study_frames import Figure, Trial

STUDIES = Path(__file__).parents[4] / "model_worker" / "studies"
N = 12


class Counting(Script):
    """Trials that say how many were said before them. `played`: numbers of those that were measured."""

    played: list[int]
    closed = False

    def cues(self) -> Iterator[Cue | None]:
        self.played = []
        yield None
        yield from trial_by_trial(N, self._trial, "counting", (self._figure,))

    def close(self) -> None:
        self.closed = True

    def _trial(self, number: int) -> Iterator[Frame | None]:
        self.played.append(number)
        yield None
        numbers = {"before": (float(len(self.trials)),)}
        yield Trial(seq=0, trial=number, name=0, prompt="", numbers=numbers)

    def _figure(self, n: int) -> Iterator[Frame]:
        yield Figure(seq=0, id="n", title=f"{n} of {len(self.trials)}", columns=(), rows=())


@pytest.fixture
def bench(embedded: Loaded) -> Bench:
    engine = Engine(embedded)
    return Bench(embedded, engine.prompts, engine.lanes["background"], engine.base)


@pytest.fixture
def scripts() -> list[Counting]:
    return []


def played(bench: Bench, scripts: list[Counting], recorded: list[Frame] | None = None) -> Iterator[Frame | None]:
    request = KnowledgeRequest(model=bench.loaded.card.id)

    def planner(bench: Bench, request: KnowledgeRequest) -> Generator[None, None, Counting]:
        yield None
        scripts.append(Counting(bench.opening(request, names=(), n_steps=N)))
        return scripts[-1]

    return study({"knowledge": planner}, bench, request, recorded or [])


def test_wherever_it_was_interrupted_the_rest_is_the_same_and_nothing_is_measured_twice(
    bench: Bench, scripts: list[Counting]
) -> None:
    *whole, done = [frame for frame in played(bench, scripts) if frame is not None]
    assert [frame.kind for frame in whole[:4]] == ["study", "trial", "progress", "trial"]
    assert [frame.seq for frame in (*whole, done)] == list(range(len(whole) + 1))
    for n in range(1, len(whole) + 1):
        *rest, _ = [frame for frame in played(bench, scripts, whole[:n]) if frame is not None]
        assert rest == whole[n:]
        assert scripts[-1].played == [frame.trial for frame in rest if frame.kind == "trial"]


def test_whatever_is_under_way_is_let_go_at_the_end_and_half_way(bench: Bench, scripts: list[Counting]) -> None:
    list(played(bench, scripts))
    assert scripts[-1].closed
    left = played(bench, scripts)
    while len(scripts) < 2 or not scripts[-1].trials:
        next(left)
    assert not scripts[-1].closed
    left.close()
    assert scripts[-1].closed


@pytest.mark.core
def test_a_study_is_a_folder_and_its_registration() -> None:
    folders = {file.parent.name for file in STUDIES.glob("*/plan.py")}
    assert folders == PLANNERS.keys()
    for folder in folders:
        assert {file.name for file in (STUDIES / folder).glob("*.py")} >= {"plan.py", "measure.py", "figures.py"} - (
            {"figures.py"} if folder == "answers" else set()  # its figures are three nouns: outcomes, doses, misfires
        )
