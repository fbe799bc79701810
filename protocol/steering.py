"""What is steered, how, how hard and where.

Says nothing about how a delta reaches the residual stream; the worker's
`steer` module does that.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from protocol.base import Message, Name


class LatentTarget(Message):
    """One latent of one dictionary. Its direction is its decoder row d."""

    kind: Literal["latent"] = "latent"
    dictionary: Name
    latent: int = Field(ge=0, description="index, 0 <= latent < d_sae")


class VectorTarget(Message):
    """A named direction that ships with the model, such as a difference of means."""

    kind: Literal["vector"] = "vector"
    name: Name


Target = Annotated[LatentTarget | VectorTarget, Field(discriminator="kind")]

Mode = Literal["add"]
"""add: the delta is strength * d; the rest of the residual stream, the SAE's error included, stays."""

Unit = Literal["residual_norm", "raw"]
"""residual_norm: m, with alpha = m * r / |d| and r the model's mean residual norm at that layer.
raw: alpha itself, as in the paper (Ferrando et al., section 5)."""

Scope = Literal["last_entity", "entity", "entity_to_end"]
"""Prompt positions that get the delta: the last token of the entity, all its tokens, or its
first token to the end of the prompt. BOS and padding are never steered."""

Strength = Annotated[float, Field(ge=-1e4, le=1e4, description="finite, within +-10,000")]


class Sweep(Message):
    """One target at several strengths: each strength is an arm of the run."""

    target: Target
    mode: Mode = "add"
    unit: Unit = "residual_norm"
    scope: Scope = "entity_to_end"
    strengths: tuple[Strength, ...] = Field(min_length=1, max_length=41)

    @field_validator("strengths")
    @classmethod
    def _distinct_and_not_the_baseline(cls, strengths: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(strengths)) != len(strengths):
            raise ValueError("a strength occurs twice; name each once")
        if 0 in strengths:
            raise ValueError("strength 0 is the baseline, which every run has; leave it out")
        return strengths
