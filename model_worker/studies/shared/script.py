"""A study whose frames come in an order that is known before anything was measured.

A script is a list of cues, a generator each that says exactly one frame in short steps. Frames that were recorded are
the first cues' and are not said again; their trials are taken over. So the rest is the same wherever it was
interrupted, if a cue's frame depends on the request and on earlier trials alone; what else a cue needs it works out
again, silently. Knows nothing about what is measured.
"""

from collections.abc import Callable, Iterator
from itertools import islice

from protocol.worker.frames import Frame
from protocol.worker.study_frames import Progress, Study, Trial

TENTHS = 10
MOST_PROGRESS = 200  # frames of it

Cue = Callable[[], Iterator[Frame | None]]


class Script:
    """A Plan (bench.py). `trials`: those that were said, now or before."""

    def __init__(self, opening: Study) -> None:
        self.opening = opening
        self.trials: list[Trial] = []
        self._n_said = 0

    def cues(self) -> Iterator[Cue]:
        raise NotImplementedError

    def fold(self, frame: Frame) -> None:
        self._n_said += 1
        if isinstance(frame, Trial):
            self.trials.append(frame)

    def rest(self) -> Iterator[Frame | None]:
        for cue in islice(self.cues(), self._n_said, None):
            for frame in cue():
                if isinstance(frame, Trial):
                    self.trials.append(frame)
                yield frame


def progress(n_done: int, n: int, doing: str) -> Iterator[Cue]:
    """After this one of n steps, if it is told: not after each of very many."""
    if n_done % -(-n // MOST_PROGRESS) == 0 or n_done == n:
        yield lambda: iter([Progress(seq=0, n_done=n_done, doing=doing)])


def is_tenth(n_done: int, n: int) -> bool:
    """The step that fills a tenth of n; the last one is among them."""
    return n_done * TENTHS // n > (n_done - 1) * TENTHS // n
