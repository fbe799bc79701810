"""What can be asked of a worker. Equal requests have equal hashes."""

from typing import Literal, Self

from pydantic import Field, model_validator

from protocol.base import Message, Name, VisibleText
from protocol.steering import Held, LatentTarget, Sweep, Target
from protocol.vocabulary import (
    MAX_ARMS,
    MAX_DIRECTIONS,
    MAX_HELD,
    MAX_NEW_TOKENS,
    MAX_PROMPT_CHARACTERS,
    MAX_READ,
    MAX_ROWS,
    MAX_SAMPLES,
    MAX_SEARCH_CHARACTERS,
    MAX_SWEEPS,
    MAX_WATCHED,
    Format,
)

MAX_BODY_BYTES = 64 * 1024  # of a request, as JSON
MAX_NAMES_BYTES = 4 * 2**20  # of a reader's own names, with their facts

Lane = Literal["interactive", "background"]
"""Whose turn it is on the worker: somebody waits, or a job. See model_worker/serve/torch_thread.py."""


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
    """The same push along random directions, at the same place, for every strength of every sweep.

    Each direction that the push writes along is replaced by a random one of the same norm; what it reads, and so
    its size, stays (held interventions stay as they are). Run up to the first answer token only.
    """

    n_directions: int = Field(default=32, ge=0, le=MAX_DIRECTIONS)
    seed: int = Field(default=0, ge=0, lt=2**31)


class Sampling(Message):
    """How answer tokens are chosen. The draw at a token depends on seed, sample and its place in the answer alone:
    not on who else is in the batch, nor on the arm, so that arms differ by their steering only."""

    temperature: float = Field(default=0.0, ge=0, le=4, description="0: greedy; else 0.01 or more")
    top_p: float = Field(default=1.0, gt=0, le=1)
    seed: int | None = Field(default=None, ge=0, lt=2**31, description="None: the worker draws one and says it")
    n_samples: int = Field(default=1, ge=1, le=MAX_SAMPLES, description="answers an arm")

    @model_validator(mode="after")
    def _samples_can_differ(self) -> Self:
        greedy = self.temperature == 0
        if not greedy and self.temperature < 0.01:
            raise ValueError(f"temperature {self.temperature:g} is too small; use 0, which is greedy, or 0.01 and more")
        if greedy and (self.n_samples > 1 or self.top_p < 1 or self.seed is not None):
            raise ValueError("temperature 0 always gives the same answer; raise it, or leave samples, top_p, seed out")
        return self


class ReadLatents(Message):
    """All active latents of a dictionary, or the `top` largest, at every prompt and generated token of every arm."""

    dictionary: Name
    top: int | None = Field(default=None, ge=1, le=1024)


class GenerateRequest(Message):
    """Answers to one prompt: a baseline arm; an arm with what is held, if anything is; and one arm per strength of
    each sweep, with what is held."""

    kind: Literal["generate"] = "generate"
    model: Name
    prompt: VisibleText = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    format: Format = Field(
        default="chat",
        description="chat: put into the model's chat template; base: as raw, and the card's base answers",
    )
    own_bos: Literal["dropped", "kept"] = Field(
        default="dropped",
        description="BOS tokens that a raw text brings itself; the model gets one anyway, before the text",
        exclude_if=lambda own: own == "dropped",  # requests of before spell the same
    )
    entity: Span | None = Field(default=None, description="None: the worker finds it and says how")
    hold: tuple[Held, ...] = Field(default=(), max_length=MAX_HELD)
    sweeps: tuple[Sweep, ...] = Field(default=(), max_length=MAX_SWEEPS)
    controls: Controls = Controls()
    sampling: Sampling = Sampling()
    watch: tuple[LatentTarget, ...] | None = Field(
        default=None, max_length=MAX_WATCHED, description="None: the model's own"
    )
    read: tuple[ReadLatents, ...] = Field(default=(), max_length=MAX_READ)
    max_new_tokens: int = Field(default=32, ge=1, le=MAX_NEW_TOKENS)
    risk: bool = Field(
        default=True,
        description="with each token the share of answers like this so far that end wrong, where the model has a fit",
        exclude_if=lambda risk: risk,  # requests of before spell the same
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.entity is not None and self.entity.end > len(self.prompt):
            raise ValueError(
                f"the entity ends at character {self.entity.end}; the prompt has {len(self.prompt)}; mark it again"
            )
        n_arms = 1 + bool(self.hold) + sum(len(sweep.strengths) for sweep in self.sweeps)
        if n_arms > MAX_ARMS:
            raise ValueError(f"{n_arms} arms asked, {MAX_ARMS} allowed; use fewer strengths")
        n_rows = n_arms * self.sampling.n_samples
        if n_rows > MAX_ROWS:
            raise ValueError(f"{n_rows} answers asked, {MAX_ROWS} allowed; use fewer strengths or samples")
        if len({read.dictionary for read in self.read}) != len(self.read):
            raise ValueError("a dictionary occurs twice in `read`; name each once")
        return self


class LensRequest(Message):
    """Decoder logit lens: which next tokens a direction would promote and suppress, by itself."""

    kind: Literal["lens"] = "lens"
    model: Name
    target: Target
    n_tokens: int = Field(default=10, ge=1, le=100)


class LatentRequest(Message):
    """What is known of one latent by itself: its logit lens, where a sample of text makes it fire, and how it tells
    known names from unknown ones."""

    kind: Literal["latent"] = "latent"
    model: Name
    target: LatentTarget
    n_tokens: int = Field(default=8, ge=1, le=100, description="of the lens, promoted and suppressed each")
    n_snippets: int = Field(default=8, ge=0, le=50)


class SearchRequest(Message):
    """Latents by meaning: those that write a word, and those that fire where a sample of text says it."""

    kind: Literal["search"] = "search"
    model: Name
    query: VisibleText = Field(max_length=MAX_SEARCH_CHARACTERS, description="a word, or a few that stand together")
    n: int = Field(default=12, ge=1, le=50, description="latents, of each kind")
