"""AUROC of a score of names, known against unknown, with its interval. Knows nothing about what the score is."""

from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.statistics import auroc, auroc_interval


class Auroc(NamedTuple):
    """The share of pairs in which the known name's score is greater, ties half; and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def turned(self) -> "Auroc":
        """Of the scores' negatives."""
        return Auroc(1 - self.value, 1 - self.high, 1 - self.low)


def name_auroc(known: np.ndarray, scores: np.ndarray) -> Auroc:
    """Both (n_names,), known bool; both kinds are there."""
    found = auroc(scores[known], scores[~known])
    assert found is not None
    return Auroc(found, *auroc_interval(found, int(known.sum()), int((~known).sum())))
