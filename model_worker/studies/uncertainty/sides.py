"""Errors and right answers held against each other: which trials are of which side, and how well a score tells them.

Refused, broken and unjudged answers are on neither side. Knows nothing about where scores come from.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.questions import Question
from model_worker.studies.shared.within.auroc import Viewed, in_both_views, unit_draws
from model_worker.studies.shared.within.views import asked_about, unit_of
from model_worker.studies.uncertainty.moments import MIN_EACH, AnswerSide
from model_worker.studies.uncertainty.threshold import balanced_f1, best_threshold
from protocol.vocabulary import Split
from protocol.worker.study_frames import Trial

POOLED = "all"  # types


class Separability(NamedTuple):
    """On the test half: AUROC in both views, and F1 of all pairs, None where a side is empty."""

    viewed: Viewed
    f1: float | None


def side_of(trial: Trial, k: int) -> AnswerSide | None:
    """k: of the samples that are right, if there are samples. None: left out."""
    greedy, *samples = (answer.outcome for answer in trial.answers)
    if greedy not in ("right", "wrong", "invented"):
        return None
    right = samples.count("right") >= k if samples else greedy == "right"
    return "right" if right else "error"


class Sides:
    """Of all questions, whose trials are there."""

    def __init__(self, questions: Sequence[Question], trials: Sequence[Trial], k: int) -> None:
        self._questions, self._trials, self._k = questions, trials, k

    def of(self, values: np.ndarray, split: Split, kind: str = POOLED) -> tuple[np.ndarray, np.ndarray]:
        """Of values by question those before errors, and those before right answers."""
        places, is_error = self._counting(split, kind)
        return values[places[is_error]], values[places[~is_error]]

    def strata(self, split: Split, kind: str = POOLED) -> tuple[np.ndarray, np.ndarray, list[str]]:
        """Of those that count: their questions' numbers, which are errors, what each is asked about."""
        places, is_error = self._counting(split, kind)
        about = (self._questions[place] for place in places)
        return places, is_error, [asked_about(one.taken.entity.type, one.attribute.name) for one in about]

    def tested(self, values: np.ndarray, kind: str = POOLED) -> Separability:
        """F1 at the threshold of the validation tenth of all types."""
        places, is_error, about = self.strata("test", kind)
        error, right = values[places[is_error]], values[places[~is_error]]
        entities = (self._questions[place].taken.entity for place in places)
        draws = unit_draws([unit_of(one.type, one.name) for one in entities])
        fit = self.of(values, "validation")
        if min(map(len, fit)) < MIN_EACH:
            fit = self.of(values, "train")
        both = min(map(len, (*fit, error, right))) > 0
        f1 = balanced_f1(error, right, best_threshold(*fit)) if both else None
        return Separability(in_both_views(values[places], is_error, about, draws), f1)

    def by_answer(self, values: np.ndarray) -> dict[tuple[str, str], list[float]]:
        """Of the test half, by type and by what the answer is called: right, wrong or invented. By samples: what greedy
        says, if it is an error too."""
        found: dict[tuple[str, str], list[float]] = {}
        for question, trial, value in zip(self._questions, self._trials, values, strict=True):
            side = side_of(trial, self._k)
            if side is not None and question.taken.split == "test":
                error = "invented" if trial.answers[0].outcome == "invented" else "wrong"
                word = "right" if side == "right" else error
                found.setdefault((question.taken.entity.type, word), []).append(float(value))
        return found

    def _counting(self, split: Split, kind: str) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the questions that are on a side, and whether it is the errors'."""
        found: list[tuple[int, bool]] = []
        for number, (question, trial) in enumerate(zip(self._questions, self._trials, strict=True)):
            side = side_of(trial, self._k)
            if side is not None and question.taken.split == split and kind in (POOLED, question.taken.entity.type):
                found.append((number, side == "error"))
        return np.array([number for number, _ in found], dtype=int), np.array([one for _, one in found], dtype=bool)
