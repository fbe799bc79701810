"""What can be asked of a worker. Equal requests have equal hashes."""

from typing import Literal, Self

from pydantic import Field, model_validator

from protocol.base import Message, Name, VisibleText
from protocol.steering import LatentTarget, Sweep

MAX_PROMPT_CHARACTERS = 8_000
MAX_ARMS = 64


class Span(Message):
    """Characters `start` to `end` (exclusive) of the prompt as it was typed."""

    start: int = Field(ge=0, le=MAX_PROMPT_CHARACTERS)
    end: int = Field(ge=1, le=MAX_PROMPT_CHARACTERS)

    @model_validator(mode="after")
    def _is_not_empty(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"the span {self.start}-{self.end} is empty; end must be greater than start")
        return self


class Controls(Message):
    """Random directions of the same norm, at the same place, for every strength of every sweep.

    They are run up to the first answer token only.
    """

    n_directions: int = Field(default=32, ge=0, le=128)
    seed: int = Field(default=0, ge=0, lt=2**31)


class GenerateRequest(Message):
    """Greedy answers to one prompt: a baseline arm, and one arm per strength of each sweep."""

    kind: Literal["generate"] = "generate"
    model: Name
    prompt: VisibleText = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    format: Literal["chat", "raw"] = Field(default="chat", description="chat: put into the model's chat template")
    entity: Span | None = Field(default=None, description="None: the worker finds it and says how")
    sweeps: tuple[Sweep, ...] = Field(default=(), max_length=4)
    controls: Controls = Controls()
    watch: tuple[LatentTarget, ...] | None = Field(default=None, max_length=16, description="None: the model's own")
    max_new_tokens: int = Field(default=32, ge=1, le=128)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.entity is not None and self.entity.end > len(self.prompt):
            raise ValueError(
                f"the entity ends at character {self.entity.end}; the prompt has {len(self.prompt)}; mark it again"
            )
        n_arms = 1 + sum(len(sweep.strengths) for sweep in self.sweeps)
        if n_arms > MAX_ARMS:
            raise ValueError(f"{n_arms} arms asked, {MAX_ARMS} allowed; use fewer strengths")
        return self
