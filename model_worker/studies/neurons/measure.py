"""A question's answers, where the greedy one states its value, and what the model's neurons are there.

The prompt and the greedy answer are read once more by themselves, so that what is read doesn't depend on who else was
in the batch, and is the same for answers that were recorded. CETT (model_worker/neurons/shares.py) at

    V      the token that predicts the value's first token: nothing of the value is read yet
    A      the mean over the value's tokens where they are read, as in the paper
    P      the prompt's last token
    other  the mean over all other tokens but BOS: the paper's third and fourth kind of rows

Knows nothing about sides, fits or figures.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from model_worker.model.gemma import Gemma, Within
from model_worker.model.loading import Loaded
from model_worker.model.walk import sight, walk
from model_worker.neurons.shares import row_norms, shares_of
from model_worker.rounding import rounded
from model_worker.studies.neurons.sides import VALUE
from model_worker.studies.shared.completions import Answered
from model_worker.studies.shared.own_answer import answer_text, value_span
from model_worker.studies.shared.questions import Question, answers_of, trial_of
from protocol.worker.study_frames import Trial

READ_AT = ("V", "A", "P", "other")
IDS = "ids"
"""Of a trial's numbers: the greedy answer's tokens."""
ENTROPY, SURPRISE, SPAN, AT_FIRST = "entropy", "surprise", "span", "first"
"""Of a trial's numbers, in nats: at the value's first token entropy and -log of the likeliest; the span's mean entropy;
entropy at the answer's first token."""


@dataclass(frozen=True)
class AnswerRead:
    """shares: by place (layers * d_mlp,), half precision. residuals, name (layers, d_model): at V, and at the name's
    last token. entropies: at V and at each value token but the last; surprise: at V; first: at the answer's first."""

    shares: dict[str, np.ndarray]
    residuals: np.ndarray
    name: np.ndarray
    entropies: tuple[float, ...]
    surprise: float
    first: float


def labelled_trial(loaded: Loaded, question: Question, found: Answered, number: int, seed: int | None) -> Trial:
    """Its answers, and where the greedy one states its value; the odds come with what is read."""
    greedy = found.said[0, 0]
    numbers: dict[str, tuple[float, ...]] = {IDS: tuple(map(float, greedy.ids))}
    if (span := value_span(loaded, question, greedy.ids)) is not None:
        numbers[VALUE] = tuple(map(float, span))
    return trial_of(
        question,
        number,
        seed=seed,
        answers=answers_of(loaded, question, found),
        numbers=numbers,
    )


def with_odds(trial: Trial, read: AnswerRead) -> Trial:
    """Of a trial whose answer states a value."""
    if not read.entropies:
        return trial
    odds = {ENTROPY: read.entropies[0], SURPRISE: read.surprise, AT_FIRST: read.first}
    odds[SPAN] = float(np.mean(read.entropies))
    told = {name: (rounded(value),) for name, value in odds.items()}
    return trial.model_copy(update={"numbers": dict(trial.numbers) | told})


def said_by(loaded: Loaded, trial: Trial) -> str:
    first, end = (int(one) for one in trial.numbers[VALUE])
    return answer_text(loaded, [int(one) for one in trial.numbers[IDS][first:end]])


@torch.inference_mode()
def read_answer(gemma: Gemma, question: Question, trial: Trial) -> AnswerRead:
    """Where it states no value: of the prompt's last token alone."""
    if VALUE not in trial.numbers:
        return _before(gemma, question)
    first, end = (int(one) for one in trial.numbers[VALUE])
    prompt = question.prompt.ids
    ids = torch.tensor([[*prompt, *(int(one) for one in trial.numbers[IDS][:end])]], device=gemma.device)
    n, norms = len(prompt), row_norms(gemma)
    at_value, value = n + first - 1, slice(n + first, n + end)
    others = [pos for pos in range(1, ids.shape[1]) if not n + first <= pos < n + end]
    found: dict[str, list[Tensor]] = {place: [] for place in READ_AT}
    residuals: list[Tensor] = []
    names: list[Tensor] = []

    def within(layer: int) -> Within:
        def read(z: Tensor, h: Tensor) -> None:
            shares = shares_of(z[0], h[0], norms[layer])
            found["V"].append(shares[at_value])
            found["A"].append(shares[value].mean(0))
            found["P"].append(shares[n - 1])
            found["other"].append(shares[others].mean(0))

        return read

    def after(layer: int, x: Tensor) -> Tensor:
        residuals.append(x[0, at_value])
        names.append(x[0, question.prompt.entity.end - 1])
        return x

    at = torch.arange(ids.shape[1], device=gemma.device)
    seen = sight(gemma, at.unsqueeze(0), at)
    x = walk(gemma.shape, gemma.blocks, gemma.embed(ids), seen, lambda _, k, v: (k, v), after=after, within=within)
    wanted = [n - 1, *range(at_value, n + end - 1)]
    logprobs = gemma.logits(x[0, wanted]).log_softmax(-1)
    entropies = (-(logprobs.exp() * logprobs).sum(-1)).tolist()
    return AnswerRead(
        shares={place: torch.cat(own).cpu().numpy().astype(np.float16) for place, own in found.items()},
        residuals=torch.stack(residuals).cpu().numpy(),
        name=torch.stack(names).cpu().numpy(),
        entropies=tuple(entropies[1:]),
        surprise=float(-logprobs[1].max()),
        first=entropies[0],
    )


def _before(gemma: Gemma, question: Question) -> AnswerRead:
    norms, found = row_norms(gemma), list[Tensor]()
    ids = torch.tensor([question.prompt.ids], device=gemma.device)

    def within(layer: int) -> Within:
        def read(z: Tensor, h: Tensor) -> None:
            found.append(shares_of(z[0, -1], h[0, -1], norms[layer]))

        return read

    at = torch.arange(ids.shape[1], device=gemma.device)
    seen = sight(gemma, at.unsqueeze(0), at)
    walk(gemma.shape, gemma.blocks, gemma.embed(ids), seen, lambda _, k, v: (k, v), within=within)
    nothing = np.zeros((0, 0), dtype=np.float32)
    return AnswerRead({"P": torch.cat(found).cpu().numpy().astype(np.float16)}, nothing, nothing, (), 0.0, 0.0)


class AnswerReadings:
    """Of the questions in their order, by one part of the model."""

    def __init__(self, gemma: Gemma, questions: Sequence[Question]) -> None:
        self._gemma, self._questions = gemma, questions
        self._read: list[AnswerRead] = []

    def upto(self, n: int, trials: Sequence[Trial]) -> Iterator[None]:
        while len(self._read) < n:
            self.add(trials[len(self._read)])
            yield None

    def add(self, trial: Trial) -> AnswerRead:
        """Of the question behind those that are there."""
        self._read.append(read_answer(self._gemma, self._questions[len(self._read)], trial))
        return self._read[-1]

    def of(self, numbers: Sequence[int]) -> list[AnswerRead]:
        return [self._read[number] for number in numbers]


def shares_at(reads: Sequence[AnswerRead], place: str) -> np.ndarray:
    """(rows, neurons) fp32."""
    return np.stack([one.shares[place] for one in reads]).astype(np.float32)
