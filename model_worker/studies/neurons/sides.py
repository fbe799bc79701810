"""Which questions are errors and which right answers, and what their pairs are taken within.

An answer counts where greedy and at least k of the samples agree on right, or on wrong (wrong, or invented about a
name that doesn't exist), and where it states a value. Refused, broken and mixed ones are counted and in no headline.
Knows nothing about neurons.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from model_worker.draw import draw
from model_worker.studies.shared.counts import GIVEN
from model_worker.studies.shared.questions import Question
from protocol.spelling import fold
from protocol.worker.study_frames import Trial

FOLDS = 5
VALUE = "value"
"""Of a trial's numbers: first and end token of the value in the greedy answer, of those that state one."""


def sided(trial: Trial, k: int) -> str:
    """right, error, refused, or mixed."""
    greedy, *samples = (answer.outcome for answer in trial.answers)
    kinds = {"right": ("right",), "error": GIVEN, "refused": ("refused",)}
    for side, outcomes in kinds.items():
        if greedy in outcomes and (not samples or sum(one in outcomes for one in samples) >= k):
            return side
    return "mixed"


@dataclass(frozen=True)
class Rows:
    """Questions that count, in order. numbers: of the questions. strata: type and attribute; values: what is said;
    units: the entity. folds: by unit, and by value, 0 to FOLDS - 1. held_out: of the test part, which the dial is
    tried on."""

    numbers: tuple[int, ...]
    is_error: np.ndarray
    strata: tuple[str, ...]
    types: tuple[str, ...]
    values: tuple[str, ...]
    units: tuple[str, ...]
    by_unit: np.ndarray
    by_value: np.ndarray
    held_out: np.ndarray

    def __len__(self) -> int:
        return len(self.numbers)

    def weights(self, used: np.ndarray, *, within: bool = True) -> np.ndarray:
        """(rows,), of the used ones: right and wrong weigh alike inside each stratum, which weighs as many as it has;
        a stratum without both weighs nothing. Not within: 1 each."""
        if not within:
            return used.astype(float)
        n: Counter[tuple[str, bool]] = Counter()
        for row in np.flatnonzero(used):
            n[self.strata[row], bool(self.is_error[row])] += 1
        found = np.zeros(len(self))
        for row in np.flatnonzero(used):
            own, other = (n[self.strata[row], side] for side in (bool(self.is_error[row]), not self.is_error[row]))
            found[row] = (own + other) / (2 * own) if other else 0.0
        return found


def answer_rows(
    questions: Sequence[Question], trials: Sequence[Trial], said: Callable[[Trial], str], k: int, seed: int
) -> Rows:
    """said: what a trial's greedy answer states."""
    kept = [
        (number, question, trial)
        for number, (question, trial) in enumerate(zip(questions, trials, strict=True))
        if sided(trial, k) in ("right", "error") and VALUE in trial.numbers
    ]
    values = [fold(said(trial)) for _, _, trial in kept]
    units = [f"{one.taken.entity.type} {one.taken.entity.name}" for _, one, _ in kept]
    return Rows(
        numbers=tuple(number for number, _, _ in kept),
        is_error=np.array([sided(trial, k) == "error" for _, _, trial in kept], dtype=bool),
        strata=tuple(f"{one.taken.entity.type}: {one.attribute.name}" for _, one, _ in kept),
        types=tuple(one.taken.entity.type for _, one, _ in kept),
        values=tuple(values),
        units=tuple(units),
        by_unit=_folds(units, seed),
        by_value=_folds(values, seed),
        held_out=np.array([one.taken.split == "test" for _, one, _ in kept], dtype=bool),
    )


def _folds(keys: Sequence[str], seed: int) -> np.ndarray:
    """The greatest groups first, each into the fold that has the fewest rows; of equals by a hash."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        rows[key].append(row)
    sizes, found = [0] * FOLDS, np.zeros(len(keys), dtype=int)
    for key in sorted(rows, key=lambda one: (-len(rows[one]), draw(seed, "fold", one))):
        fold_number = sizes.index(min(sizes))
        found[rows[key]] = fold_number
        sizes[fold_number] += len(rows[key])
    return found
