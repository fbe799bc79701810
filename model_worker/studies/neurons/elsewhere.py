"""The same neurons elsewhere: in the base model, and on other types than they were fitted on.

Knows nothing about tables.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from model_worker.model.base import Part
from model_worker.model.gemma import Gemma
from model_worker.studies.neurons.analysis import MIN_SIDE, Analysis
from model_worker.studies.neurons.fits import sparse_path
from model_worker.studies.neurons.measure import AnswerReadings, shares_at
from model_worker.studies.neurons.readers import WITHIN, ErrorReader
from model_worker.studies.shared.questions import Question
from model_worker.studies.shared.within.auroc import WithinAuroc, within_auroc
from protocol.worker.study_frames import Trial


@dataclass(frozen=True)
class Origin:
    """chat, base: within one attribute, of the chosen fits, by which model's neurons are read; entropies likewise.
    n_same of n_rows: neurons whose weights are bit for bit those of the base."""

    chat: WithinAuroc
    base: WithinAuroc
    chat_entropy: WithinAuroc
    base_entropy: WithinAuroc
    n_same: int
    n_rows: int


def origin_of(
    base: Part, gemma: Gemma, place: str, questions: Sequence[Question], trials: Sequence[Trial], found: Analysis
) -> Generator[None, None, Origin]:
    """The chat model's texts, read by its base; each row by the fit that didn't see it."""
    numbers = found.rows.numbers
    own = [questions[number] for number in numbers]
    readings = AnswerReadings(base.gemma, own)
    yield from readings.upto(len(own), [trials[number] for number in numbers])
    reads = readings.of(range(len(own)))
    x, scores = shares_at(reads, place), np.zeros(len(own))
    for fold in range(len(found.fit.paths)):
        tested = found.fit.folds == fold
        scores[tested] = found.fit.fit_of(fold).scores(x[tested])
    entropy = np.array([one.entropies[0] for one in reads])
    yield None
    n_same, n_rows = same_neurons(gemma, base.gemma)
    held = found.held
    return Origin(
        held.told(found.readers[0], WITHIN),
        held.told(ErrorReader.plain("", scores), WITHIN),
        held.told(found.entropy, WITHIN),
        held.told(ErrorReader.plain("", entropy), WITHIN),
        n_same,
        n_rows,
    )


def same_neurons(gemma: Gemma, base: Gemma) -> tuple[int, int]:
    """Neurons whose columns of gate and up and whose row of down are bit for bit the base's; and how many there are."""
    n_same = n_rows = 0
    for own, other in zip(gemma.blocks, base.blocks, strict=True):
        gates = [torch.stack(one.gate_up.chunk(2, dim=1)) for one in (own, other)]
        alike = (gates[0] == gates[1]).all(1).all(0) & (own.down == other.down).all(1)
        n_same, n_rows = n_same + int(alike.sum()), n_rows + len(alike)
    return n_same, n_rows


@dataclass(frozen=True)
class Carried:
    """cells: by fitted and by tested type. elsewhere: each type by a fit to all the others."""

    cells: dict[tuple[str, str], WithinAuroc]
    elsewhere: WithinAuroc | None


def carried(found: Analysis) -> Generator[None, None, Carried]:
    """Types with enough of both sides. On its own type a fit is the one out of fold."""
    rows, held = found.rows, found.held
    types = np.array(rows.types)
    enough = [one for one in sorted(set(rows.types)) if _has_both(rows.is_error[types == one])]
    cells: dict[tuple[str, str], WithinAuroc] = {}
    others, tested = np.zeros(len(rows)), np.isin(types, enough)
    for kind in enough:
        own = types == kind
        (alone,) = yield from sparse_path(found.x, rows.is_error, rows.weights(own), (found.c,), own)
        scores = alone.scores(found.x)
        for other in enough:
            some = np.flatnonzero(types == other)
            values = found.fit.scores if other == kind else scores
            strata = [held.strata[WITHIN][row] for row in some]
            cells[kind, other] = within_auroc(values[some], rows.is_error[some], strata, held.draws[:, some])
            yield None
        rest = tested & ~own
        (elsewhere,) = yield from sparse_path(found.x, rows.is_error, rows.weights(rest), (found.c,), rest)
        others[own] = elsewhere.scores(found.x[own])
    if len(enough) < 2:
        return Carried(cells, None)
    some = np.flatnonzero(tested)
    strata_of = [rows.strata[row] for row in some]
    return Carried(cells, within_auroc(others[some], rows.is_error[some], strata_of, held.draws[:, some]))


def _has_both(is_error: np.ndarray) -> bool:
    return min(int(is_error.sum()), int((~is_error).sum())) >= MIN_SIDE
