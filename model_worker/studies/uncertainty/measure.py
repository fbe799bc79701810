"""What is read right before the chat model's answers: the residuals at one token, and what latents make of them.

The residuals of those that were recorded are read again, silently. Knows nothing about figures.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from model_worker.answering.prompt import PromptTokens
from model_worker.decoding.odds import odds_of
from model_worker.decoding.states import PromptState, read
from model_worker.model.loading import Loaded
from model_worker.rounding import rounded
from model_worker.studies.shared.completions import Answered
from model_worker.studies.shared.questions import Question, answers_of, trial_of
from model_worker.studies.uncertainty.moments import Moments, Ranked
from model_worker.studies.uncertainty.sides import side_of
from protocol.worker.studies import UncertaintyRequest
from protocol.worker.study_frames import Trial


def before_answer(prompt: PromptTokens) -> int:
    """Position of the template's token `model` behind the question, where it is one token; else of the last token."""
    for at in range(len(prompt.tokens) - 1, prompt.entity.end - 1, -1):
        if prompt.tokens[at].role == "template" and prompt.tokens[at].text == "model":
            return at
    return len(prompt.tokens) - 1


def answer_trial(loaded: Loaded, question: Question, found: Answered, number: int, seed: int | None) -> Trial:
    """Its answers, and the first token's odds. seed: of those that are sampled."""
    chosen = found.said[0, 0].ids[:1]
    odds = odds_of(found.state.logits.unsqueeze(0), torch.tensor(chosen, device=loaded.device))[0]
    return trial_of(
        question,
        number,
        seed=seed,
        answers=answers_of(loaded, question, found),
        numbers={"entropy": (rounded(odds.entropy),), "surprise": (rounded(-odds.logprob),)},
    )


class ErrorReadings:
    """Of the questions in their order. `layers`: those that are read; `moments`: of the training half so far."""

    def __init__(self, loaded: Loaded, request: UncertaintyRequest, questions: Sequence[Question]) -> None:
        self._loaded, self._request, self._questions = loaded, request, questions
        self._layer_of = {name: loaded.layer_of[name] for name in request.dictionaries}
        self._residuals: list[Mapping[int, Tensor]] = []
        self._ranked: dict[int, list[Ranked]] = {}
        self.layers = sorted(set(self._layer_of.values()))
        self.moments = Moments({name: loaded.dictionaries[name] for name in request.dictionaries}, self._layer_of)

    def upto(self, n: int, trials: Sequence[Trial]) -> Iterator[None]:
        """The first n questions' residuals are there."""
        while len(self._residuals) < n:
            number = len(self._residuals)
            self.add(trials[number], read(self._loaded.gemma, self._questions[number].prompt.ids))
            yield None

    def add(self, trial: Trial, state: PromptState) -> None:
        """Of the question behind those that are there."""
        question = self._questions[len(self._residuals)]
        at = before_answer(question.prompt)
        residuals = {layer: state.residuals[layer][at].float() for layer in self.layers}
        self._residuals.append(residuals)
        side = side_of(trial, self._request.k)
        if side is not None and question.taken.split == "train":
            by_name = {name: residuals[layer] for name, layer in self._layer_of.items()}
            self.moments.add(question.taken.entity.type, side, by_name)

    def best(self, n: int) -> list[Ranked]:
        """Of the first n questions, which are all that are there. Figures of one n take turns with no trial between
        them."""
        if n not in self._ranked:
            self._ranked = {n: list(self.moments.best(self._request.top))}
        return self._ranked[n]

    def values(self, one: Ranked) -> np.ndarray:
        """(questions,): its activations."""
        encoder = self._loaded.dictionaries[one.dictionary].only(torch.tensor([one.latent], device=self._loaded.device))
        return encoder.encode(self.residuals(self._layer_of[one.dictionary])).squeeze(-1).cpu().numpy()

    def residuals(self, layer: int) -> Tensor:
        """(questions, d_model)."""
        return torch.stack([own[layer] for own in self._residuals])

    def where(self) -> str:
        prompt = self._questions[0].prompt
        last = before_answer(prompt) == len(prompt.tokens) - 1
        return "Read at the prompt's last token." if last else "Read at the template's token “model”, as in the paper."
