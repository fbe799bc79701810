"""What can be asked about a circuit: why one token comes and not another, what turning a part of it does, and why a
head looks where it looks.

m = logit of what pushes the target up − logit of what stands against it, capped logits, at one place of the answer; of
several tokens the logarithm of the sum of their exponentials. Knows nothing about how it is computed:
model_worker/circuits does.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from protocol.base import Message, Name, Text, VisibleText
from protocol.circuit import (
    MAX_CIRCUIT_CHECKED,
    MAX_CIRCUIT_CONTROLS,
    MAX_CIRCUIT_EDGES,
    MAX_CIRCUIT_NODES,
    Basis,
    NodeKind,
    TurnMode,
)
from protocol.steering import Held, LatentTarget, VectorTarget
from protocol.vocabulary import MAX_HELD, MAX_PROMPT_CHARACTERS, MAX_STRENGTHS, Format
from protocol.worker.requests import Span


class Beside(Message):
    """The prompt that the first one is held beside, put in the same format."""

    prompt: VisibleText = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    entity: Span | None = Field(default=None, description="None: the worker finds it and says how")


class OpeningTarget(Message):
    """Refusing against answering: m > 0 refuses.

    weighs  two: the likeliest token that opens a refusal, on either prompt, against the likeliest that opens none; a
            model whose answers begin with the name has another such token on each prompt. all: all that open a
            refusal against all others, the log-odds of refusing: one quantity on both prompts
    """

    kind: Literal["opening"] = "opening"
    weighs: Literal["two", "all"] = Field(default="two", description="two: what requests without this field meant")


class TokensTarget(Message):
    """Two next tokens. None: the likeliest on the first prompt, and the likeliest other one. A text is the
    token that it is as typed or with a space before it; of several tokens the first counts."""

    kind: Literal["tokens"] = "tokens"
    up: Text | None = Field(default=None, min_length=1, max_length=80)
    against: Text | None = Field(default=None, min_length=1, max_length=80)


class ReadTarget(Message):
    """How strongly a latent or a named direction reads the residual stream at the last token: its pre-activation."""

    kind: Literal["reading"] = "reading"
    of: Annotated[LatentTarget | VectorTarget, Field(discriminator="kind")]


CircuitTarget = Annotated[OpeningTarget | TokensTarget | ReadTarget, Field(discriminator="kind")]


class CircuitRequest(Message):
    """What leads to m: of one prompt, or of two and of what differs between them.

    beside        None: a graph of one prompt
    said          the beginning of the answer, put behind the prompt: m is of the token after it
    dictionaries  one a layer at most; none: the base model's where there are, else the others. A layer without one
                  counts as error. Nothing to the basis `neurons`
    n_nodes       told, over all layers; n_edges: between them; n_checked: of the nodes, ablated or swapped for real
    midpoints     of the path along which totals are integrated
    n_controls    random directions beside each measured effect
    """

    kind: Literal["circuit"] = "circuit"
    model: Name
    prompt: VisibleText = Field(min_length=1, max_length=MAX_PROMPT_CHARACTERS)
    format: Format = "chat"
    entity: Span | None = Field(default=None, description="None: the worker finds it and says how")
    beside: Beside | None = None
    said: Text = Field(default="", max_length=400)
    target: CircuitTarget = OpeningTarget(weighs="all")
    basis: Basis = "latents"
    dictionaries: tuple[Name, ...] = Field(default=(), max_length=64)
    hold: tuple[Held, ...] = Field(default=(), max_length=MAX_HELD)
    n_nodes: int = Field(default=160, ge=1, le=MAX_CIRCUIT_NODES)
    n_edges: int = Field(default=800, ge=0, le=MAX_CIRCUIT_EDGES)
    n_checked: int = Field(default=64, ge=0, le=MAX_CIRCUIT_CHECKED)
    midpoints: int = Field(default=16, ge=8, le=64)
    n_controls: int = Field(default=16, ge=0, le=MAX_CIRCUIT_CONTROLS)
    seed: int = Field(default=0, ge=0, lt=2**31)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for which, prompt, entity in (
            ("first", self.prompt, self.entity),
            *((("second", self.beside.prompt, self.beside.entity),) if self.beside else ()),
        ):
            if entity is not None and entity.end > len(prompt):
                raise ValueError(
                    f"the entity of the {which} prompt ends at character {entity.end}; it has {len(prompt)}; "
                    "mark it again"
                )
        if len(set(self.dictionaries)) != len(self.dictionaries):
            raise ValueError("a dictionary occurs twice; name each once")
        if any(held.on_neurons for held in self.hold):
            raise ValueError("a circuit holds directions, not neurons; turn a neuron of the circuit instead")
        return self


class NodeRef(Message):
    """One node: the latent, neuron or head `index` of a layer at a column of the aligned prompts."""

    kind: NodeKind
    layer: int = Field(ge=0)
    index: int = Field(ge=0)
    column: int = Field(ge=0)


class TurnRequest(Message):
    """A group of nodes of a circuit turned: what the graph predicts, and what the model does.

    group      one of the circuit's, by its id; or `nodes`
    mode       toward: a share of the way to the value it has on the other prompt (or to 0 without one), 0 as it is,
               1 the other's; scale: a factor of its own value, 1 as it is; add: so much to each
    side       of which prompt
    strengths  all in one batch
    """

    kind: Literal["turn"] = "turn"
    circuit: CircuitRequest
    group: Name | None = None
    nodes: tuple[NodeRef, ...] = Field(default=(), max_length=MAX_CIRCUIT_NODES)
    side: Literal["a", "b"] = "a"
    mode: TurnMode = "toward"
    strengths: tuple[float, ...] = Field(min_length=1, max_length=MAX_STRENGTHS)

    @model_validator(mode="after")
    def _names_what_is_turned(self) -> Self:
        if (self.group is None) == (not self.nodes):
            raise ValueError("give `group` or `nodes`, and one of the two")
        if len(set(self.strengths)) != len(self.strengths):
            raise ValueError("a strength occurs twice; name each once")
        return self


class LookRequest(Message):
    """Why head `head` of a layer gives the token at `query` the attention that it does: what each key's latents match
    in the query's. Columns of the aligned prompts; query None: the last."""

    kind: Literal["look"] = "look"
    circuit: CircuitRequest
    side: Literal["a", "b"] = "a"
    layer: int = Field(ge=0)
    head: int = Field(ge=0)
    query: int | None = Field(default=None, ge=0)
    key: int | None = Field(default=None, ge=0, description="of which the pairs are told; None: sums by key alone")
    top: int = Field(default=12, ge=1, le=100)
