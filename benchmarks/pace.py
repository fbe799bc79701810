"""`python -m benchmarks.pace --model gemma-3-270m`: what a card says of its pace: `answers_per_s`, `names_per_s`,
`pairs_per_s`.

1. a study that answers: questions about names of the card's world, untouched and pushed, each with its control
2. a search: names of the world, read with every dictionary that a search takes, and its text
3. studies of pairs of names, patching and circuits: as many pairs as `--pairs` says

Counted in CPU seconds of one thread, since a shared machine's clock would measure the neighbours; two cores are told as
twice that, which is what two threads gave on a quiet machine (docs/speed.md, a real model's first view).

Nothing here is a test.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from model_worker.engine import Engine
from model_worker.model.loading import load
from model_worker.model.registry import read_registry, row_of
from protocol.app.experiments.answers.refusals import RefusalsExperiment
from protocol.app.experiments.circuits import CircuitsExperiment
from protocol.app.experiments.patching import PatchingExperiment
from protocol.worker.frames import Frame
from protocol.worker.models import ModelCard
from protocol.worker.names import WorldNames
from protocol.worker.studies import DiscoverRequest, StudyRequest

CORES = 2
PACES = ("answers", "names", "pairs")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.pace", description="Answers and names a second.")
    parser.add_argument("--model", help="id of a card; default: the first")
    parser.add_argument("--cards", type=Path, action="append", default=[], help="folder with a model.json; repeatable")
    parser.add_argument("--questions", type=int, default=4, help="of each type and group")
    parser.add_argument("--names", type=int, default=100, help="of each type, known and unknown")
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--only", nargs="+", choices=PACES, default=PACES)
    options = parser.parse_args()
    torch.set_num_threads(1)
    registry = read_registry(tuple(options.cards))
    row = row_of(registry, options.model or next(iter(registry)))
    engine = Engine(load(row), row=row)

    if "answers" in options.only:
        told_answers(engine, row.card, options.questions)
    if "names" in options.only:
        told_names(engine, row.card, options.names)
    if "pairs" in options.only:
        patching, circuits = PatchingExperiment(), CircuitsExperiment()
        told_pairs(engine, patching.request(row.card, patching.preset(row.card)), options.pairs)
        told_pairs(engine, circuits.request(row.card, circuits.preset(row.card)), options.pairs)


def told_answers(engine: Engine, card: ModelCard, n_questions: int) -> None:
    experiment = RefusalsExperiment()
    request = experiment.request(card, experiment.preset(card))
    asked = request.asked.model_copy(update={"most": n_questions})
    took, frames = _took(engine, request.model_copy(update={"asked": asked}))
    n = sum(len(frame.answers) for frame in frames if frame.kind == "trial")
    print(f"{n} answers in {took:.1f} CPU seconds: answers_per_s {CORES * n / took:.3g}", flush=True)


def told_names(engine: Engine, card: ModelCard, most: int) -> None:
    search = DiscoverRequest(model=card.id, names=WorldNames(most=most), part="base" if card.base else "chat")
    took, frames = _took(engine, search)
    n = next(len(frame.names) for frame in frames if frame.kind == "study")
    print(f"{n} names in {took:.1f} CPU seconds: names_per_s {CORES * n / took:.3g}", flush=True)


def told_pairs(engine: Engine, request: StudyRequest, n_pairs: int) -> None:
    took, frames = _took(engine, request.model_copy(update={"n_pairs": n_pairs}))
    n = len([frame for frame in frames if frame.kind == "trial"])
    print(
        f"{request.kind}: {n} trials of {n_pairs} pairs in {took:.1f} CPU seconds: pairs_per_s "
        f"{CORES * n_pairs / took:.3g}",
        flush=True,
    )


def _took(engine: Engine, request: StudyRequest) -> tuple[float, list[Frame]]:
    began = time.process_time()
    frames = list(_frames(engine, request))
    return time.process_time() - began, frames


def _frames(engine: Engine, request: StudyRequest) -> Iterator[Frame]:
    for frame in engine.study(request, ()):
        engine.advance("background")
        if frame is not None:
            yield frame


if __name__ == "__main__":
    main()
