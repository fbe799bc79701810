"""AUROC with bootstrap intervals of many scores of the same names: drawn once, used for all.

Knows nothing about what the scores are.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.statistics import LEVEL, RESAMPLES


class Auroc(NamedTuple):
    """The share of pairs in which the known name's score is greater, ties half; and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def turned(self) -> "Auroc":
        """Of the scores' negatives."""
        return Auroc(1 - self.value, 1 - self.high, 1 - self.low)


class Resampled:
    """Percentile bootstrap; known and unknown names are drawn by themselves, so that their numbers stay."""

    def __init__(self, known: Sequence[bool], seed: int, n: int = RESAMPLES) -> None:
        """Both kinds are there."""
        self._known = np.array(known, dtype=bool)
        rng = np.random.default_rng(seed)
        self._draws = [_drawn(rng, int(side.sum()), n) for side in (self._known, ~self._known)]

    def auroc(self, scores: np.ndarray) -> Auroc:
        """scores (n_names,)."""
        known, unknown = scores[self._known], np.sort(scores[~self._known])
        times, of_unknown = self._draws[0], self._draws[1][:, np.argsort(scores[~self._known], kind="stable")]
        below = np.pad(of_unknown.cumsum(1, dtype=np.float32), ((0, 0), (1, 0)))
        first, behind = (np.searchsorted(unknown, known, side=side) for side in ("left", "right"))
        beaten = (below[:, first] + below[:, behind]) / 2
        found = (times * beaten).sum(1, dtype=np.float64) / (len(known) * len(unknown))
        low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Auroc(float((first + behind).sum() / (2 * len(known) * len(unknown))), float(low), float(high))


def _drawn(rng: np.random.Generator, size: int, n: int) -> np.ndarray:
    """(n, size): how often each is drawn, float32."""
    chosen = rng.integers(size, size=(n, size)) + size * np.arange(n)[:, None]
    return np.bincount(chosen.ravel(), minlength=n * size).reshape(n, size).astype(np.float32)
