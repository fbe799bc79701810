"""What a push does to a number of each prompt, beside what random directions do.

Knows nothing about what the number is.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from model_worker.studies.shared.statistics import ControlBand, Interval, control_band, t_interval
from protocol.vocabulary import Role
from protocol.worker.study_frames import Trial


class Shift(NamedTuple):
    """Of one arm, over prompts: the number's mean and its interval, its standard deviation; how far it moved, with its
    interval; the share of prompts whose sign changed."""

    arm: str
    role: str
    mean: float
    interval: Interval | None
    sd: float | None
    shift: float
    of_shift: Interval | None
    flipped: float
    n: int


class Shifted:
    """The prompts of one type and group, pushed towards `role`: (prompts,) original and pushed, (prompts, directions)
    random."""

    def __init__(self, trials: Sequence[Trial], role: Role) -> None:
        self._role = role
        self.original = np.array([trial.numbers["original"][0] for trial in trials])
        self.pushed = np.array([trial.numbers["pushed"][0] for trial in trials])
        self.random = np.array([trial.numbers["random"] for trial in trials])

    @property
    def n_flips(self) -> int:
        return int(((self.original > 0) != (self.pushed > 0)).sum())

    @property
    def beyond(self) -> bool | None:
        """The push shifts the mean further than every random direction does; None: there are not two of them."""
        if len(self.random[0]) < 2:
            return None
        means = self.random.mean(0) - self.original.mean()
        return bool(abs((self.pushed - self.original).mean()) > np.abs(means).max())

    @property
    def band(self) -> ControlBand | None:
        """Of the directions, each by its mean over prompts."""
        return control_band(self.random.mean(0)) if self.random.size else None

    def arms(self) -> Iterator[Shift]:
        yield self._shift("original", "baseline", self.original, t_interval(self.original), None)
        of_shift = t_interval(self.pushed - self.original)
        yield self._shift("pushed", self._role, self.pushed, t_interval(self.pushed), of_shift)
        if band := self.band:
            low, high, before = float(band.low), float(band.high), self.original.mean()
            yield self._shift("random", "control", self.random, (low, high), (low - before, high - before))

    def _shift(
        self, arm: str, role: str, values: np.ndarray, interval: Interval | None, of_shift: Interval | None
    ) -> Shift:
        before = self.original if values.ndim == 1 else self.original[:, None]
        over_prompts = values if values.ndim == 1 else values.mean(1)
        return Shift(
            arm=arm,
            role=role,
            mean=float(values.mean()),
            interval=interval,
            sd=float(over_prompts.std(ddof=1)) if len(values) > 1 else None,
            shift=float((values - before).mean()),
            of_shift=of_shift,
            flipped=float(((before > 0) != (values > 0)).mean()),
            n=len(values),
        )
