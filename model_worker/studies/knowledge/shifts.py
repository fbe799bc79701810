"""What a push does to a number of each prompt, beside what random directions do: rows of a figure.

Knows nothing about what the number is.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from model_worker.rounding import rounded
from model_worker.studies.shared.intervals import pair
from model_worker.studies.shared.statistics import mean_interval
from protocol.vocabulary import Role
from protocol.worker.study_frames import Cell, Column, Trial

COLUMNS = (
    Column(name="type"),
    Column(name="group"),
    Column(name="arm"),
    Column(name="role"),
    Column(name="yes − no", unit="logits"),
    Column(name="low", unit="logits"),
    Column(name="high", unit="logits"),
    Column(name="sd", unit="logits"),
    Column(name="shift", unit="logits"),
    Column(name="shift, low", unit="logits"),
    Column(name="shift, high", unit="logits"),
    Column(name="flipped", unit="share"),
    Column(name="prompts", unit="prompts"),
)


class Shifted:
    """The prompts of one type and group, pushed towards `role`: (prompts,) original and pushed, (prompts, directions)
    random."""

    def __init__(self, trials: Sequence[Trial], role: Role, seed: int) -> None:
        self._role, self._seed = role, seed
        self.original = np.array([trial.numbers["original"][0] for trial in trials])
        self.pushed = np.array([trial.numbers["pushed"][0] for trial in trials])
        self.random = np.array([trial.numbers["random"] for trial in trials])

    @property
    def n_flips(self) -> int:
        return int(((self.original > 0) != (self.pushed > 0)).sum())

    @property
    def beyond(self) -> bool | None:
        """The push shifts the mean further than every random direction does; None: there is none."""
        if not self.random.size:
            return None
        means = self.random.mean(0) - self.original.mean()
        return bool(abs((self.pushed - self.original).mean()) > np.abs(means).max())

    def rows(self, *, intervals: bool) -> Iterator[tuple[Cell, ...]]:
        for arm, values in (("original", self.original), ("pushed", self.pushed)):
            shift = values - self.original
            own = mean_interval(values, self._seed) if intervals else None
            of_shift = mean_interval(shift, self._seed) if intervals and arm == "pushed" else None
            yield self._row(arm, "baseline" if arm == "original" else self._role, values, own, of_shift)
        if self.random.size:
            means = self.random.mean(0)
            low, high = np.quantile(means, [0.025, 0.975])
            before = self.original.mean()
            yield self._row("random", "control", self.random, (low, high), (low - before, high - before))

    def _row(
        self,
        arm: str,
        role: str,
        values: np.ndarray,
        own: tuple[float, float] | None,
        of_shift: tuple[float, float] | None,
    ) -> tuple[Cell, ...]:
        before = self.original if values.ndim == 1 else self.original[:, None]
        over_prompts = values if values.ndim == 1 else values.mean(1)
        sd = rounded(float(over_prompts.std(ddof=1))) if len(values) > 1 else None
        flipped = rounded(float(((before > 0) != (values > 0)).mean()))
        mean, shift = rounded(float(values.mean())), rounded(float((values - before).mean()))
        return (arm, role, mean, *pair(own), sd, shift, *pair(of_shift), flipped, len(values))
