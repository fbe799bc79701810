"""The study `uncertainty`: which latents, right before its answer, tell the chat model's wrong answers from right ones.

1. each question, greedy, or k of n samples right; refused, broken and unjudged answers are left out. Wrong answers and
   invented ones (about names that do not exist) are both errors, and counted apart
2. the residual at the template's token `model`, where it is one token, else at the prompt's last one
3. of every latent and type, Welch's t of its activation, errors against right answers, on the training half; a latent's
   score is its least t over the types that have MIN_EACH of both. Positive: it is greater before errors
4. on the test half, types pooled: AUROC, and F1 at the threshold that is best on the validation tenth; beside them what
   needs no dictionary: the first token's entropy and -log p, a logistic probe and the difference of means of the
   residual that the best latent reads

Ferrando et al., section 7, figures 6, 23, 24. We differ: F1 weighs errors and right answers alike instead of drawing as
many of both; the baselines but the probe are ours. What a trial holds is its answers and the first token's odds; the
residuals of those that were recorded are read again. Knows nothing about steering.
"""

from collections.abc import Generator, Iterator

from model_worker.steering.targets import require_dictionary
from model_worker.studies.shared.bench import Bench
from model_worker.studies.shared.completions import ANSWER_TOKENS, Wanted
from model_worker.studies.shared.questions import QuestionSet, own_seed, questions_of, samplings_of
from model_worker.studies.shared.replies import Replies
from model_worker.studies.shared.script import Cue, Script, trial_by_trial
from model_worker.studies.uncertainty import figures
from model_worker.studies.uncertainty.measure import ErrorReadings, answer_trial
from model_worker.studies.uncertainty.moments import Ranked
from model_worker.studies.uncertainty.scores import ErrorScore, error_scores
from model_worker.studies.uncertainty.sides import Separability, Sides
from protocol.worker.frames import Frame
from protocol.worker.studies import UncertaintyRequest
from protocol.worker.study_frames import Study


def uncertainty(bench: Bench, request: UncertaintyRequest) -> Generator[None, None, Script]:
    """Raises Refused (422) for a dictionary that isn't there, or where nothing can be asked."""
    loaded = bench.loaded
    for name in request.dictionaries:
        require_dictionary(loaded, name)
    on_chat = [one.id for one in loaded.card.dictionaries if "chat" in one.trained_on]
    dictionaries = request.dictionaries or tuple(on_chat) or tuple(loaded.dictionaries)
    request = request.model_copy(update={"dictionaries": dictionaries})
    asked = yield from questions_of(loaded, request.asked)
    warnings = list(asked.names.warnings)
    if not on_chat:
        warnings.append("No dictionary of the chat model is here: these were trained on another's activations.")
    opening = bench.opening(
        request,
        dictionaries=dictionaries,
        names=asked.names.taken,
        n_steps=len(asked.questions),
        warnings=tuple(warnings),
    )
    return UncertaintyScript(bench, opening, request, asked)


class UncertaintyScript(Script):
    def __init__(self, bench: Bench, opening: Study, request: UncertaintyRequest, asked: QuestionSet) -> None:
        super().__init__(opening)
        self._loaded, self._request, self._questions = bench.loaded, request, asked.questions
        self._readings = ErrorReadings(bench.loaded, request, asked.questions)
        self._sides = Sides(asked.questions, self.trials, request.k)
        self._replies = Replies(bench, self._wanted, ANSWER_TOKENS)
        self._scored: list[ErrorScore] = []

    def close(self) -> None:
        self._replies.close()

    def cues(self) -> Iterator[Cue]:
        yield from trial_by_trial(len(self._questions), self._trial, "answering", (self._outcomes, self._latents))
        yield self._roc
        yield self._boxes
        yield self._baselines
        yield self._types

    def _wanted(self, first: int) -> Iterator[Wanted]:
        """The questions from this one on."""
        seed, n = self._request.seed, self._request.n_samples
        return (Wanted(one.prompt.ids, samplings=samplings_of(one, seed, n)) for one in self._questions[first:])

    def _trial(self, number: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(number, self.trials)
        found = yield from self._replies.next(number)
        question = self._questions[number]
        seed = own_seed(question, self._request.seed) if self._request.n_samples else None
        trial = answer_trial(self._loaded, question, found, number, seed)
        yield None
        self._readings.add(trial, found.state)
        yield trial

    def _outcomes(self, n: int) -> Iterator[Frame | None]:
        yield figures.untouched_outcomes(self._questions, self.trials[:n])

    def _latents(self, n: int) -> Iterator[Frame | None]:
        yield from self._readings.upto(n, self.trials)
        final = n == len(self._questions)

        def test(one: Ranked) -> Separability:
            return self._sides.tested(self._readings.values(one))

        yield (
            yield from figures.error_latents(
                self._readings.best(n),
                self._readings.moments.kinds,
                test if final else None,
                f"{n:,} of {len(self._questions):,} questions",
                self._readings.where(),
            )
        )

    def _roc(self) -> Iterator[Frame | None]:
        scores = yield from self._scores()
        yield (yield from figures.roc_figure(scores, self._sides))

    def _boxes(self) -> Iterator[Frame | None]:
        best = yield from self._best()
        by_answer = {} if best is None else self._sides.by_answer(self._readings.values(best))
        yield figures.boxes_figure(best, by_answer, self._readings.where())

    def _baselines(self) -> Iterator[Frame | None]:
        scores = yield from self._scores()
        yield (yield from figures.score_baselines(scores, self._sides, self._readings.where()))

    def _types(self) -> Iterator[Frame | None]:
        scores = yield from self._scores()
        yield (yield from figures.scores_by_type(scores, self._sides, self._readings.moments.kinds))

    def _best(self) -> Generator[None, None, Ranked | None]:
        n = len(self._questions)
        yield from self._readings.upto(n, self.trials)
        return next(iter(self._readings.best(n)), None)

    def _scores(self) -> Generator[None, None, list[ErrorScore]]:
        """Once for the figures that show them."""
        if not self._scored:
            best = yield from self._best()
            layer = self._readings.layers[-1] if best is None else best.layer
            self._scored = yield from error_scores(self._readings, self._sides, self.trials, best, layer)
        return self._scored
