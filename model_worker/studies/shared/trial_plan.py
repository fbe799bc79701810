"""A study that is trials and figures of them: what it says in which order, and where it goes on.

After every trial, in order: the trial; how far it is; after every tenth of them, and at the end, each figure. Which
frame comes when depends on the number of trials alone, so who was interrupted goes on behind the last frame that was
told. Knows nothing about what a trial is made of.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeVar

from model_worker.studies.shared.script import MOST_PROGRESS, is_tenth
from protocol.worker.frames import Frame
from protocol.worker.study_frames import Figure, Progress, Study, Trial

Fresh = Callable[[int], Generator[Trial | None, None, None]]
Drawn = Callable[[Sequence[Trial]], Figure]


Found = TypeVar("Found")


def numbered(
    found: Generator[Found | None, None, None], first: int, trial: Callable[[Found, int], Trial]
) -> Generator[Trial | None, None, None]:
    """Trials of what is found, in its order, from this number on. To close it closes what finds."""
    number = first
    try:
        for one in found:
            if one is None:
                yield None
            else:
                yield trial(one, number)
                number += 1
    finally:
        found.close()


class TrialPlan:
    """A Plan (bench.py)."""

    def __init__(self, opening: Study, fresh: Fresh, figures: Sequence[Drawn], doing: str) -> None:
        """fresh: the trials from a number on. figures: of the trials so far."""
        self.opening = opening
        self._fresh, self._figures, self._doing = fresh, tuple(figures), doing
        self._trials: list[Trial] = []
        self._n_folded = 0
        self._progress_every = -(-opening.n_steps // MOST_PROGRESS)

    def fold(self, frame: Frame) -> None:
        self._n_folded += 1
        if isinstance(frame, Trial):
            self._trials.append(frame)

    def rest(self) -> Iterator[Frame | None]:
        told, recorded = self._n_folded, len(self._trials)
        fresh = self._fresh(recorded)
        try:
            for number in range(self.opening.n_steps):
                while number >= len(self._trials):
                    found = next(fresh)
                    if found is None:
                        yield None
                    else:
                        self._trials.append(found)
                for say in self._after(number):
                    if told:
                        told -= 1
                    else:
                        yield say()
        finally:
            fresh.close()

    def _after(self, number: int) -> Iterator[Callable[[], Frame]]:
        """What is said once there is the trial of this number; made when it is wanted."""
        trials, n = self._trials, number + 1
        yield lambda: trials[number]
        if n % self._progress_every == 0 or n == self.opening.n_steps:
            yield lambda: Progress(seq=0, n_done=n, doing=self._doing)
        if is_tenth(n, self.opening.n_steps):
            for figure in self._figures:
                yield lambda figure=figure: figure(trials[:n])
