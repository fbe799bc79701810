"""What is steered, how, how hard and where.

An intervention adds a delta to the residual stream and keeps everything else, an SAE's error included. The delta of
each mode stands in protocol/vocabulary.py. Several interventions at one site: all activations are read before any
delta, and the deltas add up. Says nothing about how a delta reaches the residual stream: model_worker/steering does.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from protocol.base import Message, Name, NotAllowed, VisibleText
from protocol.vocabulary import (
    DEFAULT_MODE,
    DEFAULT_SCOPE,
    MAX_DIRECTIONS,
    MAX_POSITIONS,
    MAX_STRENGTH,
    MAX_STRENGTHS,
    MODES,
    UNITS,
    Mode,
    Scope,
    Unit,
)

MAX_NEURONS = 512  # that are scaled together


class LatentTarget(Message):
    """One latent of one dictionary. Its direction d is its decoder row, its `a` the SAE's activation."""

    kind: Literal["latent"] = Field(default="latent", description="says that it is a latent")
    dictionary: Name = Field(description="id of the dictionary")
    latent: int = Field(ge=0, description="index, 0 <= latent < d_sae")


class VectorTarget(Message):
    """A named direction that ships with the model, such as a difference of means.

    Its `a` is (x - mu) . d^, with d^ of norm 1; where `a` is used, d^ is the direction too.
    """

    kind: Literal["vector"] = Field(default="vector", description="says that it is a vector")
    name: Name = Field(description="of the vector")


Target = Annotated[LatentTarget | VectorTarget, Field(discriminator="kind")]


class NeuronTarget(Message):
    """One neuron of an MLP, scaled: the input of down_proj at `index` times the strength.

    Its direction is its row of down_proj, its `a` its share of what its MLP writes (CETT, protocol/glossary).
    """

    kind: Literal["neuron"] = Field(default="neuron", description="says that it is a neuron")
    layer: int = Field(ge=0, description="of its block, from 0")
    index: int = Field(ge=0, description="0 <= index < d_mlp")

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        return ((self.layer, self.index),)

    @property
    def words(self) -> str:
        return f"L{self.layer} neuron {self.index}"


def latent_name(layer: int, latent: int) -> str:
    """As every page names one: "L3 #4"."""
    return f"L{layer} #{latent}"


class NeuronSetTarget(Message):
    """Neurons of any layers that are scaled together. Their `a` is the mean of their shares."""

    kind: Literal["neurons"] = Field(default="neurons", description="says that they are neurons")
    neurons: tuple[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]], ...] = Field(
        min_length=1, max_length=MAX_NEURONS, description="(layer, index) of each"
    )
    name: VisibleText | None = Field(default=None, max_length=60, description="a reader's own")

    @model_validator(mode="after")
    def _are_distinct(self) -> Self:
        if len(set(self.neurons)) != len(self.neurons):
            raise ValueError("a neuron stands twice in its set; name each once")
        return self

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        return self.neurons

    @property
    def words(self) -> str:
        n = len(self.neurons)
        return self.name or f"{n} neuron{'' if n == 1 else 's'}"


PlainTarget = Annotated[LatentTarget | VectorTarget | NeuronTarget | NeuronSetTarget, Field(discriminator="kind")]
"""What a slider can be on, but for controls."""


class RandomTarget(Message):
    """A control with its whole answer: what `like` would push, along a random direction of the same norm instead; in
    the place of neurons as many others, each of the same layer and of about the same usual share.

    It is the one at `index` of those that a request's controls draw from this seed. Its `a`, its site and the sizes of
    its unit are those of `like`; of neurons `a` is their own.
    """

    kind: Literal["random"] = "random"
    like: PlainTarget
    seed: int = Field(default=0, ge=0, lt=2**31)
    index: int = Field(default=0, ge=0, lt=MAX_DIRECTIONS)


Steered = Annotated[
    LatentTarget | VectorTarget | NeuronTarget | NeuronSetTarget | RandomTarget, Field(discriminator="kind")
]

Strength = Annotated[
    float,
    Field(ge=-MAX_STRENGTH, le=MAX_STRENGTH, description="finite, within +-10,000"),
    AfterValidator(lambda strength: strength + 0.0),  # -0.0 is 0.0: equal requests have equal hashes
]


class Steering(Message):
    """One intervention, but for its strength."""

    target: Steered
    mode: Mode = DEFAULT_MODE
    to: LatentTarget | None = Field(default=None, description="swap only: the latent that the value moves to")
    unit: Unit | None = Field(default=None, description="None: the mode's own; the worker fills it in")
    scope: Scope = DEFAULT_SCOPE
    positions: tuple[int, ...] = Field(
        default=(), max_length=MAX_POSITIONS, description="scope positions only: prompt tokens, BOS is 0"
    )
    generated: bool = Field(default=False, description="generated tokens too, each as it is processed")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        moves = MODES[self.mode].needs_to
        if moves != (self.to is not None):
            names = " or ".join(mode for mode, term in MODES.items() if term.needs_to)
            raise ValueError(f"the mode {names}, and no other, needs `to`; give the latent that the value moves to")
        if moves and self.target.kind != "latent":
            raise ValueError("only a latent's value can be swapped; target a latent")
        if self.on_neurons and self.mode != "scale":
            raise ValueError("neurons are multiplied by a factor; use the mode scale")
        if self.to is not None and self.to == self.target:
            raise ValueError("a latent's value can't be swapped with itself; give another latent as `to`")
        if self.unit is not None and self.unit not in MODES[self.mode].units:
            units = " or ".join(MODES[self.mode].units)
            raise ValueError(f"the mode {self.mode} is measured in {units}; leave the unit out")
        if self.scope != "positions" and self.positions:
            raise ValueError("positions are given, but the scope is another; use the scope positions or leave them out")
        if self.scope == "positions" and not self.positions and not self.generated:
            raise ValueError("no token would be steered; give positions, or steer generated tokens")
        if len(set(self.positions)) != len(self.positions) or any(pos < 1 for pos in self.positions):
            raise ValueError("positions must be distinct and at least 1; the token at 0 is BOS, which is never steered")
        return self

    @property
    def on_neurons(self) -> bool:
        target = self.target.like if self.target.kind == "random" else self.target
        return target.kind in ("neuron", "neurons")

    @property
    def measured_in(self) -> Unit:
        return self.unit or MODES[self.mode].units[0]

    @property
    def idle(self) -> float | None:
        """The strength that changes nothing, None if there is none (clamp)."""
        return MODES[self.mode].idle

    def _require_effective(self, strength: float) -> None:
        if strength == self.idle:
            raise NotAllowed(
                f"A strength of {strength:g} is asked.", f"It changes nothing in mode {self.mode}.", "Leave it out."
            )
        if not UNITS[self.measured_in].lowest <= strength <= UNITS[self.measured_in].highest:
            raise ValueError(f"the mode {self.mode} takes a share above 0 and up to 1; use 1 for all of it")


class Held(Steering):
    """An intervention that every arm but the baseline has."""

    strength: Strength

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        self._require_effective(self.strength)
        return self


class Sweep(Steering):
    """One intervention at several strengths: each strength is an arm of the run."""

    strengths: tuple[Strength, ...] = Field(min_length=1, max_length=MAX_STRENGTHS)

    @model_validator(mode="after")
    def _strengths_are_distinct_and_effective(self) -> Self:
        if len(set(self.strengths)) != len(self.strengths):
            raise ValueError("a strength occurs twice; name each once")
        for strength in self.strengths:
            self._require_effective(strength)
        return self
