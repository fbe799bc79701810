"""The study `transfer`: what of base dictionaries holds on the chat model, and what taking a direction out does.

1. each labelled name, read at its last token: in the card's statement by the base and by the chat model, in a question
   by the chat model. By dictionary and place: FVU about the mean of these names, the residual's norm, and where the
   card's known and unknown latents are, how well they separate
2. each question, greedy, by the chat model untouched and with a direction taken out (orthogonal.py): the known and the
   unknown latent's, and as many random ones as asked; in the paper's way and exactly. What is left along the direction
   in the stream, |x . d^|, is the mean over the prompt's tokens but BOS

Ferrando et al., sections 5 and 8, equation 9, figure 10 and the "orthogonalised" arm of figures 3 and 11. We differ:
their random arms are pushes, so that theirs has no control; ours are taken out in the same way.
"""

from collections.abc import Generator, Iterator, Sequence
from functools import partial

from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.pushes import latent_of
from model_worker.studies.shared.questions import QuestionSet, questions_of
from model_worker.studies.shared.script import Cue, Script, is_tenth, trial_by_trial
from model_worker.studies.transfer import figures
from model_worker.studies.transfer.arms import AblationArm, ablation_arms
from model_worker.studies.transfer.measure import QUESTIONS_AT_ONCE, AblationChunk
from model_worker.studies.transfer.readings import Readings, key_of
from protocol.refusal import Refused
from protocol.worker.frames import Frame
from protocol.worker.studies import TransferRequest
from protocol.worker.study_frames import Progress, Study, Trial


def transfer(bench: Bench, request: TransferRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) where there is no base model, no dictionary of one, or no labelled name."""
    loaded = bench.loaded
    request = request.model_copy(
        update={
            "known": latent_of(loaded, "known", request.known),
            "unknown": latent_of(loaded, "unknown", request.unknown),
        }
    )
    dictionaries = [one.id for one in loaded.card.dictionaries if "base" in one.trained_on]
    if not dictionaries:
        raise Refused(
            422,
            "no_base_dictionary",
            "Dictionaries of the base model asked.",
            f"None of {loaded.card.id} says that it was trained on one.",
            "Choose another model.",
        )
    base = bench.part("base")
    asked = yield from questions_of(loaded, request.asked)
    named = list(dict.fromkeys(one.name for one in asked.questions if one.taken.label is not None))
    if not named:
        raise Refused(
            422,
            "no_labels",
            "Known names held against unknown ones asked.",
            "None of the names that are asked about is labelled.",
            "Label them, or choose another part.",
        )
    arms = list(ablation_arms(loaded, request))
    n_chunks = -(-len(asked.questions) // QUESTIONS_AT_ONCE)
    opening = bench.opening(
        request,
        base=base.used,
        dictionaries=dictionaries,
        names=asked.names.taken,
        arms=tuple(one.told for one in arms),
        n_steps=len(named) + n_chunks * len(arms),
        warnings=asked.names.warnings,
    )
    return TransferScript(loaded, base.gemma, opening, request, dictionaries, asked, named, arms)


class TransferScript(Script):
    def __init__(
        self,
        loaded: Loaded,
        base: Gemma,
        opening: Study,
        request: TransferRequest,
        dictionaries: Sequence[str],
        asked: QuestionSet,
        named: Sequence[int],
        arms: Sequence[AblationArm],
    ) -> None:
        super().__init__(opening)
        self._loaded, self._request, self._dictionaries = loaded, request, tuple(dictionaries)
        self._asked, self._named, self._arms = asked, tuple(named), tuple(arms)
        self._readings = Readings(loaded, base, request, dictionaries, [asked.names.taken[one] for one in named])

    def cues(self) -> Iterator[Cue]:
        n, questions = len(self._named), self._asked.questions
        readings = (self._separation, self._norms)
        yield from trial_by_trial(n, self._reading, "reading names on both models", readings)
        n_done, n_chunks = n, -(-len(questions) // QUESTIONS_AT_ONCE)
        for place in range(n_chunks):
            chunk = AblationChunk(self._loaded, self._arms, questions, place * QUESTIONS_AT_ONCE)
            for arm in range(len(self._arms)):
                n_done += 1
                yield partial(self._answers, chunk, arm, n_done)
            for number in range(chunk.first, chunk.last):
                yield partial(chunk.trial, number, n)
            if is_tenth(place + 1, n_chunks):
                yield partial(self._projection, chunk.last)
                yield partial(self._answered, chunk.last)

    def _reading(self, number: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(number)
        numbers = yield from self._readings.next_numbers()
        entity = self._asked.names.taken[self._named[number]].entity
        prompt = self._loaded.card.statement.replace("{type}", entity.type).replace("{name}", entity.name)
        yield Trial(seq=0, trial=number, name=self._named[number], prompt=prompt, numbers=numbers)

    def _answers(self, chunk: AblationChunk, arm: int, n_done: int) -> Iterator[Frame | None]:
        yield from chunk.answer(arm)
        yield Progress(seq=0, n_done=n_done, doing=f"answering: {self._arms[arm].told.name}")

    def _separation(self, n: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(n)
        trials = self.trials[:n]

        def fvu(name: str, place: int) -> float | None:
            return self._readings.fvu(name, place, [trial.numbers[key_of(place, "missed")] for trial in trials])

        labels = [self._asked.names.taken[one].label for one in self._named[:n]]
        layer_of = {name: self._loaded.layer_of[name] for name in self._dictionaries}
        yield (yield from figures.reading_figure(self._request, trials, labels, layer_of, fvu, len(self._named)))

    def _norms(self, n: int) -> Iterator[Frame | None]:
        yield (yield from figures.norm_figure(self.trials[:n]))

    def _projection(self, n: int) -> Iterator[Frame | None]:
        yield (yield from figures.projection_figure(self._questioned(n), len(self._asked.questions)))

    def _answered(self, n: int) -> Iterator[Frame | None]:
        trials, n_questions = self._questioned(n), len(self._asked.questions)
        groups = [self._asked.names.taken[trial.name].group for trial in trials]
        yield (yield from figures.answers_figure(trials, groups, self._arms, n_questions, self._request.n_controls))

    def _questioned(self, n: int) -> Sequence[Trial]:
        """Trials of the first n questions, which stand behind those of names."""
        return self.trials[len(self._named) : len(self._named) + n]
