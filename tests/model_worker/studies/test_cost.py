"""What a study is said to cost before it is asked, against what the worker then does, for every experiment."""

from collections import Counter

import pytest

from model_worker.engine import Engine
from model_worker.model.documents import read_entries
from model_worker.model.loading import Loaded
from model_worker.model.registry import card_folders, read_row
from protocol.app.experiments.catalogue import EXPERIMENTS, made
from protocol.app.experiments.experiment import Experiment
from protocol.vocabulary import SPLITS
from protocol.worker.frames import Frame
from protocol.worker.names import WorldNames
from protocol.worker.studies import Asked
from protocol.worker.world import ModelWorld
from tests.model_worker.study_runs import studied, trials_of

CITIES = WorldNames(types=("city",), most=4, match_lengths=False)
FEW = {
    "refusals": {"n": 1, "n_projected": 1},
    "dose": {"n": 1, "strengths": (0.25, 0.5)},
    "scopes": {"n": 1},
    "misfires": {"n": 1},
    "risk": {"n": 1, "sizes": (1.0,)},
    "attention": {"n_heads": 1, "knockout": ()},
    "patching": {"n_pairs": 2, "asked": Asked(names=WorldNames(types=("city",), match_lengths=False), split="all")},
    "circuits": {
        "n_pairs": 2,
        "n_tier": 0,
        "n_controls": 1,
        "n_role_names": 8,
        "rest": False,
        "asked": Asked(names=WorldNames(types=("city",), match_lengths=False), split="all"),
    },
    "transfer": {"n_controls": 1},
    "uncertainty": {"n_samples": 2, "k": 1},
    "label": {"n_samples": 2, "k": 1},
    "neurons": {"n_samples": 1, "k": 1, "dial": None, "n_bootstraps": 0},
}


@pytest.fixture(scope="module")
def engine(embedded: Loaded) -> Engine:
    """With a base model."""
    return Engine(embedded, row=read_row(card_folders()[0]))


@pytest.fixture(scope="module")
def world() -> ModelWorld:
    row = read_row(card_folders()[0])
    return read_entries(row.card.id, (row.folder / (row.card.world or "")).read_text("utf-8"))


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda one: one.about.id)
def test_a_cost_is_what_the_worker_does_where_no_name_is_left_out(
    engine: Engine, world: ModelWorld, experiment: Experiment
) -> None:
    card = engine.loaded.card
    draft = experiment.preset(card)
    asked = Asked(names=CITIES, split="all", groups=("known", "unknown"), most=2)  # four questions
    found = made(card, draft.model_copy(update={"asked": asked} | FEW.get(experiment.about.id, {})), world)
    frames = studied(engine, found.request)
    assert done(experiment.about.study, frames) == {(found.cost.n_questions, found.cost.n_each)}


def done(study: str, frames: list[Frame]) -> set[tuple[int, int]]:
    """How many questions were put, and how often each was run; one pair where all were run alike."""
    trials = trials_of(frames)
    match study:
        case "knowledge":
            runs = [2 + len(one.numbers["random"]) for one in trials]
        case "attention":
            runs = [len(one.numbers["arms"]) for one in trials]
        case "patching" | "circuits":
            runs = [one.count(" | ") + 1 for one in dict.fromkeys(one.prompt for one in trials)]
        case _:
            runs = [len(one.answers) for one in trials if one.answers]
    return {(len(runs), n) for n in Counter(runs)}


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("id", ["misfires", "knowledge"])
def test_a_cost_is_never_too_small_where_names_are_left_out(
    engine: Engine, world: ModelWorld, split: str, id: str
) -> None:
    """By the frame that opens the study. One asks about names' attributes, the other about names."""
    experiment = next(one for one in EXPERIMENTS if one.about.id == id)
    card = engine.loaded.card
    asked = Asked(names=WorldNames(most=13), split=split, most=9, per_name="all")
    found = made(card, experiment.preset(card).model_copy(update={"asked": asked}), world)
    study = next(frame for frame in engine.study(found.request) if frame is not None)
    assert study.kind == "study" and found.cost.n_questions >= study.n_steps > 0
    assert found.cost.n_each >= len(study.arms)
