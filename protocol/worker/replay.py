"""What a worker is asked in order to check a recording: the same run, with every answer's tokens given.

Answered as `generate` is, frame by frame, so that a replay is compared with a recording; a `departure` says where the
model would have chosen another token than the recorded one.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol.base import Message
from protocol.vocabulary import MAX_NEW_TOKENS, MAX_ROWS
from protocol.worker.requests import GenerateRequest


class AnswerTokens(Message):
    """The token ids of one answer, a stop token included if there was one."""

    arm: int = Field(ge=0)
    sample: int = Field(default=0, ge=0)
    ids: tuple[Annotated[int, Field(ge=0)], ...] = Field(min_length=1, max_length=MAX_NEW_TOKENS)


class ReplayRequest(Message):
    """`run` as its `start` frame resolved it; `answers`: one for every sample of every arm, by arm and sample."""

    kind: Literal["replay"] = "replay"
    run: GenerateRequest
    answers: tuple[AnswerTokens, ...] = Field(min_length=1, max_length=MAX_ROWS)

    @model_validator(mode="after")
    def _answers_the_run(self) -> Self:
        n_arms = 1 + bool(self.run.hold) + sum(len(sweep.strengths) for sweep in self.run.sweeps)
        wanted = [(arm, sample) for arm in range(n_arms) for sample in range(self.run.sampling.n_samples)]
        if [(answer.arm, answer.sample) for answer in self.answers] != wanted:
            raise ValueError(f"the run has {len(wanted)} answers; give each one's tokens, ordered by arm and sample")
        longest = max(len(answer.ids) for answer in self.answers)
        if longest > self.run.max_new_tokens:
            raise ValueError(
                f"an answer has {longest} tokens and the run at most {self.run.max_new_tokens}; "
                "take both from the same recording"
            )
        if self.run.sampling.temperature > 0 and self.run.sampling.seed is None:
            raise ValueError("the run was sampled, and its seed is missing; take the request of its `start` frame")
        return self
