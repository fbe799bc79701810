"""What a study says and in which order: known before anything was measured.

A script is a list of cues. A cue says exactly one frame, in short steps; None in the place of a cue is a step of work
that is made whether frames were recorded or not. The runner (run.py) hands the script every frame that was said, now
or before, and plays the cues whose frames are missing. So the rest is the same wherever a study was interrupted, if a
cue's frame depends on the request and on the frames before it alone; what else a cue needs it works out again,
silently. Knows nothing about what is measured.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from protocol.worker.frames import Frame
from protocol.worker.study_frames import Progress, Study, Trial

TENTHS = 10
FIRST_LOOK = 4  # trials: then, and at twice as many each time until a tenth is more
MOST_PROGRESS = 200  # frames of it

Cue = Callable[[], Iterator[Frame | None]]
NumberedCue = Callable[[int], Iterator[Frame | None]]

TrialNumbers = dict[str, tuple[float, ...]]
"""What a trial holds besides answers."""


class Script:
    """A study that has been understood: made by `study(bench, request)`, a generator that yields None while it looks
    at its names and returns a Script, and that raises Refused for what can't be done. `opening`: its first frame.
    `trials`: those that were said, now or before."""

    def __init__(self, opening: Study) -> None:
        self.opening = opening
        self.trials: list[Trial] = []

    def cues(self) -> Iterator[Cue | None]:
        """Of everything but `study` and `done`. `seq` is the runner's: 0 will do."""
        raise NotImplementedError

    def take(self, frame: Frame) -> None:
        """A frame that was said: all that were recorded before the first cue, then each new one."""
        if isinstance(frame, Trial):
            self.trials.append(frame)

    def close(self) -> None:
        """What is still under way is let go."""


def at_once(frame: Callable[[], Frame]) -> Cue:
    """A cue whose frame takes one short step."""
    return lambda: iter([frame()])


def trial_by_trial(
    n: int,
    trial: NumberedCue,
    doing: str,
    figures: Iterable[NumberedCue],
    *,
    n_steps: int | None = None,
    n_before: int = 0,
) -> Iterator[Cue]:
    """n trials by their numbers; behind each how far the study is, and behind every tenth of them each figure of so
    many, and of the first few before. n_steps: that progress counts to, if it isn't to n; n_before of them are done."""
    figures = tuple(figures)
    for number in range(n):
        yield partial(trial, number)
        yield from progress(n_before + number + 1, n if n_steps is None else n_steps, doing)
        if is_tenth(number + 1, n) or is_first_look(number + 1, n):
            for figure in figures:
                yield partial(figure, number + 1)


def progress(n_done: int, n: int, doing: str) -> Iterator[Cue]:
    """After this one of n steps, if it is told: not after each of very many."""
    if n_done % -(-n // MOST_PROGRESS) == 0 or n_done == n:
        yield at_once(lambda: Progress(seq=0, n_done=n_done, doing=doing))


def is_tenth(n_done: int, n: int) -> bool:
    """The step that fills a tenth of n; the last one is among them."""
    return n_done * TENTHS // n > (n_done - 1) * TENTHS // n


def is_first_look(n_done: int, n: int) -> bool:
    """So that who pauses early sees what arrived."""
    looks = (FIRST_LOOK << doubling for doubling in range(n.bit_length()))
    return n_done in looks and n_done < n / TENTHS
