"""What the chat model answers without a direction, and what is left along it in the stream.

A chunk of questions is answered by every arm before the next one is begun; each arm has a batch of its own, since
nobody else has its weights. Knows nothing about frames but a trial's parts.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from model_worker.decoding.batch import Decoding
from model_worker.decoding.states import PromptState
from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.memory import refusing
from model_worker.rounding import all_rounded, rounded
from model_worker.studies.shared.completions import ANSWER_TOKENS, Wanted, answered
from model_worker.studies.shared.questions import Question, trial_answer, trial_of
from model_worker.studies.shared.script import TrialNumbers
from model_worker.studies.transfer.arms import AblationArm
from model_worker.studies.transfer.orthogonal import Orthogonal
from protocol.worker.study_frames import Trial, TrialAnswer

QUESTIONS_AT_ONCE = 32  # of a chunk: each arm answers all of them at a time
POOL_BYTES = 2**30


class AblationChunk:
    """Questions from `first` on, answered arm by arm."""

    def __init__(self, loaded: Loaded, arms: Sequence[AblationArm], questions: Sequence[Question], first: int) -> None:
        self._loaded, self._arms = loaded, tuple(arms)
        self._questions = questions[first : first + QUESTIONS_AT_ONCE]
        self._found: dict[int, list[tuple[TrialAnswer, TrialNumbers]]] = {}  # by arm
        self.first, self.last = first, first + len(self._questions)

    def answer(self, arm: int) -> Iterator[None]:
        """All of them, unless this arm has."""
        if arm not in self._found:
            self._found[arm] = yield from self._answers(arm)

    def trial(self, number: int, n_before: int) -> Iterator[Trial | None]:
        """Of a question of the chunk, counted from the study's first. n_before: trials before that one."""
        for arm in range(len(self._arms)):
            yield from self.answer(arm)
        question = self._questions[number - self.first]
        found = [self._found[arm][number - self.first] for arm in range(len(self._arms))]
        numbers: TrialNumbers = {}
        for _, own in found:
            numbers |= own
        yield trial_of(
            question,
            n_before + number,
            answers=tuple(answer for answer, _ in found),
            numbers=numbers,
        )

    def _answers(self, arm: int) -> Generator[None, None, list[tuple[TrialAnswer, TrialNumbers]]]:
        one, gemma = self._arms[arm], self._loaded.gemma
        if one.direction is not None and one.way is not None:
            gemma = Orthogonal(gemma, one.direction, one.way)
        loaded, decoding = replace(self._loaded, gemma=gemma), Decoding(gemma, POOL_BYTES)
        wanted = [Wanted(question.prompt.ids) for question in self._questions]
        found: list[tuple[TrialAnswer, TrialNumbers]] = []
        for answer in answered(loaded, decoding, wanted, ANSWER_TOKENS, QUESTIONS_AT_ONCE):
            if answer is None:
                with refusing(len(wanted)):
                    decoding.advance()
                yield None
                continue
            completion = answer.said[0, 0]
            judged = trial_answer(
                loaded,
                self._questions[len(found)],
                completion.text,
                finished=completion.ended,
                arm=arm,
                refusal_logodds=rounded(answer.refusal_logodds[0]),
                n_tokens=len(completion.ids),
            )
            found.append((judged, left_along(gemma, answer.state, one, self._arms)))
        return found


@torch.inference_mode()
def left_along(gemma: Gemma, state: PromptState, arm: AblationArm, arms: Sequence[AblationArm]) -> TrialNumbers:
    """Mean |x . d^| of the prompt's tokens but BOS: behind the embedding, then by layer. The untouched model is read
    along every direction that some arm takes out; random ones together."""
    stream = torch.stack([gemma.embed(torch.tensor([state.ids], device=gemma.device))[0], *state.residuals])
    stream = stream[:, 1:].float()

    def along(direction: Tensor) -> Tensor:
        return (stream @ (direction.float() / direction.float().norm())).abs().mean(-1)

    if arm.direction is not None:
        return {f"left/{arm.role}/{arm.way}": all_rounded(along(arm.direction).tolist())} if arm.role else {}
    exact = [(one.role, one.direction) for one in arms if one.way == "exact" and one.direction is not None]
    found = {f"left/{role}/untouched": all_rounded(along(direction).tolist()) for role, direction in exact if role}
    random = torch.stack([along(direction) for role, direction in exact if role is None]).mean(0)
    return found | {"left/random/untouched": all_rounded(random.tolist())}
