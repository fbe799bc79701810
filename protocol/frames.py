"""What a worker answers with: `start`, deltas, then exactly one `done` or `error`.

A stream that ends without either was cut. Activations are in units of their latent,
log-probabilities in nats. Floats are rounded to six significant digits.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from protocol.base import Message, Text
from protocol.models import Role, Watched
from protocol.refusal import Refusal
from protocol.requests import GenerateRequest

TokenRole = Literal["bos", "template", "text", "entity"]
Outcome = Literal["refused", "right", "wrong", "invented", "answered", "broken"]


class Token(Message):
    """One prompt token. `text` is what it decodes to, white space kept."""

    id: int
    text: Text
    role: TokenRole


class EntityTokens(Message):
    """Prompt tokens `start` to `end` (exclusive) hold the entity, and how it was found."""

    start: int
    end: int
    text: Text
    found: Literal["given", "world", "quotes", "capitals", "whole_prompt"]


class ModelUsed(Message):
    """Exactly what ran. `sha256` covers the weight files."""

    id: str
    sha256: str
    dtype: str
    device: str


class DictionaryUsed(Message):
    """A dictionary that was read. `layer` is sae-lens', `paper_layer` the paper's (one more)."""

    id: str
    layer: int
    paper_layer: int
    d_sae: int
    sha256: str


class SweepUsed(Message):
    """What a sweep is called and where it was applied: `norm` is |d|, `residual_norm` r there (None: not known)."""

    role: Role
    label: Text
    layer: int
    paper_layer: int
    norm: float
    residual_norm: float | None
    positions: tuple[int, ...]


class Arm(Message):
    """One row of the batch. The baseline has no sweep and strength 0; `alpha` is the raw strength."""

    sweep: int | None
    strength: float
    alpha: float


class Start(Message):
    """The request as resolved, and everything needed to label what follows."""

    kind: Literal["start"] = "start"
    seq: int
    protocol: int
    request: GenerateRequest
    request_sha256: str
    model: ModelUsed
    dictionaries: tuple[DictionaryUsed, ...]
    tokens: tuple[Token, ...]
    entity: EntityTokens
    watched: tuple[Watched, ...]
    sweeps: tuple[SweepUsed, ...]
    arms: tuple[Arm, ...]


class NextToken(Message):
    """One candidate for the first answer token."""

    id: int
    text: Text
    prob: float
    opens_refusal: bool


class PromptReading(Message):
    """What an arm's prompt pass showed, measured after steering.

    activations     [watch][pos]
    refusal_logodds log p/(1-p), p the probability that the first answer token opens a refusal
    """

    activations: tuple[tuple[float, ...], ...]
    refusal_logodds: float
    top: tuple[NextToken, ...]


class Prompt(Message):
    """All arms' prompt passes. `fvu`: fraction of variance unexplained on this prompt's tokens
    (BOS left out), baseline arm, by dictionary in the order of `start`; None for a prompt of one token."""

    kind: Literal["prompt"] = "prompt"
    seq: int
    arms: tuple[PromptReading, ...]
    fvu: tuple[float | None, ...]


class NewToken(Message):
    """The token an arm chose at this step. `text` is what it adds to the answer, perhaps nothing yet."""

    arm: int
    id: int
    text: Text
    logprob: float


class Reading(Message):
    """Watched activations [watch] of the token that the arm chose at the step before."""

    arm: int
    activations: tuple[float, ...]


class Step(Message):
    """One decode step of every arm that still runs. Readings come one step late."""

    kind: Literal["step"] = "step"
    seq: int
    step: int
    tokens: tuple[NewToken, ...]
    readings: tuple[Reading, ...]


class Verdict(Message):
    """What an arm's whole answer amounts to, and the rule or phrase that decided."""

    kind: Literal["verdict"] = "verdict"
    seq: int
    arm: int
    text: Text
    outcome: Outcome
    rule: Text
    phrase: Text | None


class Control(Message):
    """`refusal_logodds` under random directions of equal norm, one number a direction."""

    kind: Literal["control"] = "control"
    seq: int
    sweep: int
    strength: float
    refusal_logodds: tuple[float, ...]


class Done(Message):
    """The stream is whole."""

    kind: Literal["done"] = "done"
    seq: int
    elapsed_s: float
    n_tokens: int


class Error(Message):
    """The run ended early. What came before it still holds."""

    kind: Literal["error"] = "error"
    seq: int
    refusal: Refusal


Frame = Annotated[Start | Prompt | Step | Verdict | Control | Done | Error, Field(discriminator="kind")]
FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)
