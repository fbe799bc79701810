"""What a worker answers with: `start`, deltas, then exactly one `done` or `error`.

A stream that ends without either was cut. Activations are in units of their latent,
log-probabilities in nats. Floats are rounded to six significant digits.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from protocol.base import Message, Text
from protocol.refusal import Refusal
from protocol.risk.fit import RiskUsed
from protocol.vocabulary import Outcome, Role
from protocol.worker.circuit_frames import (
    Arrows,
    Checked,
    Circuit,
    Defaults,
    Edges,
    Heads,
    NodeGroups,
    Nodes,
    SilentNodes,
    Turned,
)
from protocol.worker.latent_frames import Firing, LatentsFound, Lens
from protocol.worker.looked import Looked
from protocol.worker.models import Watched
from protocol.worker.ran import DictionaryUsed, ModelUsed
from protocol.worker.requests import GenerateRequest
from protocol.worker.study_frames import CorpusTally, Figure, NamesChecked, Progress, Ranking, Study, Tally, Trial
from protocol.worker.tokens import EntityTokens, NextToken, Token


class SteeringUsed(Message):
    """What an intervention is called and where it was applied: `norm` is |d|, `residual_norm` r there (None: not
    known), `positions` the prompt tokens. Of neurons: `layer` is the first of theirs, `norm` that of all their rows
    together, `neurons` the (layer, index) of each that was scaled."""

    role: Role
    label: Text
    layer: int
    paper_layer: int
    norm: float
    residual_norm: float | None
    positions: tuple[int, ...]
    neurons: tuple[tuple[int, int], ...] = Field(default=(), exclude_if=lambda neurons: not neurons)


class Arm(Message):
    """One way of steering. The baseline is the first: no sweep, strength 0, nothing held. `alpha` is the factor of d
    in mode add, else the strength again."""

    sweep: int | None
    strength: float
    alpha: float
    held: bool = False


class Start(Message):
    """The request as resolved, and everything needed to label what follows. warnings: what a reader must know of how
    the prompt was read. risk: where the tokens' risk comes from; None: they have none."""

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
    sweeps: tuple[SteeringUsed, ...]
    held: tuple[SteeringUsed, ...] = ()
    arms: tuple[Arm, ...]
    warnings: tuple[Text, ...] = ()
    risk: RiskUsed | None = Field(default=None, exclude_if=lambda risk: risk is None)


class Queued(Message):
    """Waiting for memory: `place` 1 is next."""

    kind: Literal["queued"] = "queued"
    seq: int
    place: int


class Measured(Message):
    """The target's `a` at the tokens that an intervention steered, before its site was changed and after."""

    before: tuple[float, ...]
    after: tuple[float, ...]


class PromptReading(Message):
    """What an arm's prompt pass showed, measured after steering.

    activations     [watch][pos]
    steered         [intervention], held ones first, each [its prompt positions]
    refusal_logodds log p/(1-p), p the probability that the first answer token opens a refusal
    """

    activations: tuple[tuple[float, ...], ...]
    steered: tuple[Measured, ...] = ()
    refusal_logodds: float
    top: tuple[NextToken, ...]


class TokenOdds(Message):
    """Of the model's own distribution (temperature 1) that a token stands in: the token's log-probability, the
    distribution's entropy, and by how much its two likeliest tokens differ in log-probability."""

    logprob: float
    entropy_nats: float
    margin_nats: float


class Prompt(Message):
    """All arms' prompt passes. `fvu`: fraction of variance unexplained on this prompt's tokens
    (BOS left out), baseline arm, by dictionary in the order of `start`; None for a prompt of one token.
    `odds`: of the prompt's tokens from the second on, baseline arm."""

    kind: Literal["prompt"] = "prompt"
    seq: int
    arms: tuple[PromptReading, ...]
    fvu: tuple[float | None, ...]
    odds: tuple[TokenOdds, ...] = ()


class NewToken(Message):
    """The token that a sample of an arm chose at this step, with its odds as in TokenOdds. `text` is what it adds to
    the answer, perhaps nothing yet. `risk`: p(the answer ends wrong or invented), from the prompt and the tokens up to
    this one; None behind a token that opened a refusal, and where `start.risk` is None. `risk_moved`: by feature of
    its head, what it adds to the log-odds against the mean."""

    arm: int
    sample: int = 0
    id: int
    text: Text
    logprob: float
    entropy_nats: float | None = None
    margin_nats: float | None = None
    risk: float | None = Field(default=None, exclude_if=lambda risk: risk is None)
    risk_moved: tuple[float, ...] = Field(default=(), exclude_if=lambda moved: not moved)


class Reading(Message):
    """Watched activations [watch] of the token chosen at the step before; `steered`: [intervention that steers
    generated tokens too], held ones first, one value each."""

    arm: int
    sample: int = 0
    activations: tuple[float, ...]
    steered: tuple[Measured, ...] = ()


class Step(Message):
    """One decode step of every arm that still runs. Readings come one step late."""

    kind: Literal["step"] = "step"
    seq: int
    step: int
    tokens: tuple[NewToken, ...]
    readings: tuple[Reading, ...]


class Latents(Message):
    """Active latents of one dictionary at consecutive tokens of one answer, the prompt's first.

    pos      place of the first token, prompt and answer counted through; a steered arm's prompt begins at its first
             steered token, before which it is the baseline's
    counts   how many at each token
    data     base64: all indices, little-endian unsigned of `index_bytes` bytes, by token and ascending; then all
             activations, little-endian float32
    """

    kind: Literal["latents"] = "latents"
    seq: int
    arm: int
    sample: int = 0
    dictionary: str
    pos: int
    counts: tuple[int, ...]
    index_bytes: Literal[2, 4]
    data: str


class Verdict(Message):
    """What a whole answer amounts to, and the rule or phrase that decided. `paper_phrase`: the phrase that makes it a
    refusal by the paper's rule to the letter, whatever the outcome; None if none does. `said`: the fact that the answer
    states, true or not, as the model's world writes it; None: none that the world has of any name."""

    kind: Literal["verdict"] = "verdict"
    seq: int
    arm: int
    sample: int = 0
    text: Text
    outcome: Outcome
    rule: Text
    phrase: Text | None
    paper_phrase: Text | None = None
    said: Text | None = None


class Departure(Message):
    """In a replay only: at answer token `place` the model would have chosen this token, not the recorded one.

    short_by: by how much the recorded one missed being chosen, in nats: greedy, what it lacks in log-probability;
    sampled, that too or, where less, what the log-odds lack for the draw to fall into its share of the distribution.
    """

    kind: Literal["departure"] = "departure"
    seq: int
    arm: int
    sample: int = 0
    place: int
    id: int
    text: Text
    short_by: float


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


Frame = Annotated[
    Start
    | Queued
    | Prompt
    | Step
    | Latents
    | Verdict
    | Departure
    | Control
    | Lens
    | Firing
    | LatentsFound
    | Study
    | Progress
    | Tally
    | CorpusTally
    | Ranking
    | Trial
    | Figure
    | NamesChecked
    | Circuit
    | Nodes
    | Checked
    | Edges
    | NodeGroups
    | Arrows
    | Defaults
    | Heads
    | SilentNodes
    | Turned
    | Looked
    | Done
    | Error,
    Field(discriminator="kind"),
]
FRAME: TypeAdapter[Frame] = TypeAdapter(Frame)
