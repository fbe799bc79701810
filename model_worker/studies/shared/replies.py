"""Questions answered one after the other while a script is played: those that were answered before are not asked.

Knows nothing about what an answer amounts to.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import Answered, Wanted, answered
from model_worker.studies.shared.script import Cue, NumberedCue, Script, trial_by_trial
from protocol.worker.frames import Frame
from protocol.worker.study_frames import Figure, Study, Trial


class Replies:
    """Of prompts in their order. They are under way from the first that is wanted on."""

    def __init__(self, bench: Bench, prompts: Callable[[int], Iterable[Wanted]], max_new_tokens: int) -> None:
        """prompts: from a number on."""
        self._bench, self._prompts, self._max_new_tokens = bench, prompts, max_new_tokens
        self._flow: Generator[Answered | None, None, None] | None = None

    def next(self, number: int) -> Generator[None, None, Answered]:
        """That of prompt `number`, which is the one behind the last that was wanted. In short steps."""
        if self._flow is None:
            prompts = self._prompts(number)
            self._flow = answered(self._bench.loaded, self._bench.decoding, prompts, self._max_new_tokens)
        while (found := next(self._flow)) is None:
            yield None
        return found

    def close(self) -> None:
        if self._flow is not None:
            self._flow.close()


class RepliesScript(Script):
    """A trial for every question, and figures of the trials so far."""

    def __init__(
        self,
        opening: Study,
        replies: Replies,
        trial: Callable[[Answered, int], Trial],
        figures: Sequence[Callable[[Sequence[Trial]], Figure | Generator[None, None, Figure]]],
        doing: str,
    ) -> None:
        """figures: those that take their time come in short steps."""
        super().__init__(opening)
        self._replies, self._trial_of, self._figures, self._doing = replies, trial, figures, doing

    def cues(self) -> Iterator[Cue]:
        return trial_by_trial(self.opening.n_steps, self._trial, self._doing, map(self._drawn, self._figures))

    def close(self) -> None:
        self._replies.close()

    def _trial(self, number: int) -> Iterator[Frame | None]:
        found = yield from self._replies.next(number)
        yield self._trial_of(found, number)

    def _drawn(self, figure: Callable[[Sequence[Trial]], Figure | Generator[None, None, Figure]]) -> NumberedCue:
        def cue(n: int) -> Iterator[Frame | None]:
            found = figure(self.trials[:n])
            yield found if isinstance(found, Figure) else (yield from found)

        return cue
