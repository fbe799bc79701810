"""Frames that tell of a circuit: `circuit`, then `nodes` layer by layer from the last, `checked`, `edges`, `groups`,
`arrows`, `defaults`, `heads`, `silent`, then `done`. Each is whole in itself: who stops reading has what came.

A node is named by its number: nodes of all `nodes` frames counted through in the order in which they came. Effects are
in logits of m, of which `side` a is the first prompt and b the one beside it; without one all of b is None or empty.
"""

from typing import Literal

from protocol.base import Message, Text
from protocol.circuit import DefaultTest, GroupRole, NodeKind
from protocol.worker.circuits import CircuitRequest
from protocol.worker.ran import DictionaryUsed, ModelUsed
from protocol.worker.tokens import EntityTokens, NextToken, Token


class CircuitSide(Message):
    """One prompt as it was read, what was said before included. `m`: the target there; `top`: likeliest next tokens."""

    tokens: tuple[Token, ...]
    entity: EntityTokens
    n_said: int
    m: float
    top: tuple[NextToken, ...]


ColumnPlace = Literal["before", "name", "name_last", "after", "end"]


class AlignedColumn(Message):
    """A place of both prompts: positions in a and in b, None where the other has no token for it. place: of the name's
    last token, another of the name, the last of all, or elsewhere."""

    a: int | None
    b: int | None
    place: ColumnPlace


class TargetTokens(Message):
    """What m is made of: a token up and one against it; a reading has none. openings: where all that open a refusal are
    weighed against all others, ids of the former; up and against are then the likeliest of either kind, against of the
    first prompt."""

    up: NextToken | None = None
    against: NextToken | None = None
    openings: tuple[int, ...] = ()
    reads: Text | None = None


class Circuit(Message):
    """The request as resolved. `precision`: what it was computed in. `without`: layers that no dictionary reads, which
    count as error. held_still: what the shown prediction does not let move."""

    kind: Literal["circuit"] = "circuit"
    seq: int
    protocol: int
    request: CircuitRequest
    request_sha256: str
    model: ModelUsed
    dictionaries: tuple[DictionaryUsed, ...]
    sides: tuple[CircuitSide, ...]
    columns: tuple[AlignedColumn, ...]
    target: TargetTokens
    precision: Literal["float32", "bfloat16"]
    without: tuple[int, ...] = ()
    warnings: tuple[Text, ...] = ()


class CircuitNode(Message):
    """A latent, a neuron or a head at a column, with its activations and what it does to m by the graph: to the gap
    m_a − m_b, or without a second prompt to m. `effect` ranks; what the model does stands in `checked`.
    error: all that the dictionary misses there, index 0. role: as groups have it. direct_a, direct_b: by transcoders,
    what it does to m on that side by itself: through no MLP, with where heads look, norms and the cap as they were."""

    kind: NodeKind
    index: int
    column: int
    a: float
    b: float | None = None
    effect: float
    relp: float
    role: GroupRole | None = None
    direct_a: float | None = None
    direct_b: float | None = None


class Nodes(Message):
    """The nodes of one layer, strongest first. total: of the whole layer by integrated gradients; shown: of these nodes
    by the same; error: of what the dictionary misses; n_active: nodes whose activation is another on the other side, or
    that fire where there is one; n_candidates: of them, the first by either score, among which the told ones are."""

    kind: Literal["nodes"] = "nodes"
    seq: int
    layer: int
    nodes: tuple[CircuitNode, ...]
    total: float
    shown: float
    error: float
    n_active: int
    n_candidates: int = 0


class Checked(Message):
    """Nodes swapped to the other prompt's value, or ablated where there is none, one at a time, in the model: the
    change of m in a, and in b. fit: correlation with `effect` over all checked so far, but for errors, of which
    one is a whole layer's rest; None below three."""

    kind: Literal["checked"] = "checked"
    seq: int
    nodes: tuple[int, ...]
    in_a: tuple[float, ...]
    in_b: tuple[float, ...] = ()
    fit: float | None = None


class Edges(Message):
    """What nodes of one layer do to those of the next that has any, by side: sender, receiver, weight; `through`:
    beside it, through where heads look. unexplained: largest part of what a receiver reads that is left over by all
    that comes in."""

    kind: Literal["edges"] = "edges"
    seq: int
    side: Literal["a", "b"]
    senders: tuple[int, ...]
    receivers: tuple[int, ...]
    weights: tuple[float, ...]
    through: tuple[float, ...]
    unexplained: float


class RandomBand(Message):
    """Of random directions of equal norm, at the same places: n, the mean, and the quantiles of protocol's BAND (of
    fewer than MIN_BAND the least and the most)."""

    n: int
    mean: float
    low: float
    high: float


class MeasuredChange(Message):
    """Of m, measured; by the graph; and of the controls. `top`: the likeliest first token after it."""

    measured: float
    predicted: float
    control: RandomBand | None
    top: NextToken | None = None


class Evidence(Message):
    """Firing shares of a group's strongest latent by names: `column` words for a reader, e.g. players."""

    entity_type: Text
    known: float
    unknown: float
    n_known: int
    n_unknown: int


class NodeGroup(Message):
    """Nodes of one role. members: numbers of told nodes; n_members: with those that are not told.

    share         of the gap, by integrated gradients along the group's own path
    to_other_a    in a, set to b's values; to_other_b: in b, set to a's; off_a, off_b: ablated
    writes        tokens that the strongest member promotes
    """

    id: Text
    role: GroupRole
    members: tuple[int, ...]
    n_members: int
    layers: tuple[int, int]
    share: float | None
    to_other_a: MeasuredChange | None = None
    to_other_b: MeasuredChange | None = None
    off_a: MeasuredChange | None = None
    off_b: MeasuredChange | None = None
    writes: tuple[Text, ...] = ()
    evidence: tuple[Evidence, ...] = ()


class NodeGroups(Message):
    """All that are measured so far: the newest such frame holds. named_by: how many known and unknown names the roles
    were read off. n_to_come: groups that are yet to be measured."""

    kind: Literal["groups"] = "groups"
    seq: int
    groups: tuple[NodeGroup, ...]
    named_by: tuple[int, int] = (0, 0)
    n_to_come: int = 0


class Arrow(Message):
    """What happens to group `target` in a when group `source` is set to b's values, as a share of the way to b; the
    same in b. target None: m itself."""

    source: Text
    target: Text | None
    in_a: float
    in_b: float
    control_a: RandomBand | None
    control_b: RandomBand | None


class Arrows(Message):
    kind: Literal["arrows"] = "arrows"
    seq: int
    arrows: tuple[Arrow, ...]


class DefaultResult(Message):
    """m after the test, on both sides, and the same of its control."""

    test: DefaultTest
    m: tuple[float, ...]
    control: tuple[RandomBand | None, ...]
    top: tuple[NextToken, ...] = ()


class Defaults(Message):
    """What the model does where it can't know whom it is asked about."""

    kind: Literal["defaults"] = "defaults"
    seq: int
    results: tuple[DefaultResult, ...]


class HeadRow(Message):
    """One head at the end: attention to the name on both sides; the change of m in a where its output, or its pattern
    alone, is that of b; and in b. Without a second prompt: where it writes nothing, or may not look at the name. None:
    not measured."""

    layer: int
    head: int
    attention_a: float
    attention_b: float | None
    output_a: float | None
    output_b: float | None
    pattern_a: float | None
    pattern_b: float | None


LookingTokens = Literal["end", "name", "elsewhere"]


class PatternShare(Message):
    """The share of the gap that moves where all heads of all layers look, from these tokens, as on the other side: in a
    and in b. Without a second prompt: the share of m, where they may not look at the name."""

    queries: LookingTokens
    in_a: float
    in_b: float | None = None


class Heads(Message):
    """heads: those that the graph gives most, of n_heads. control_a, control_b: of as many heads whose output was moved
    in a random direction, as far as the swap moves it. patterns: of all heads together."""

    kind: Literal["heads"] = "heads"
    seq: int
    heads: tuple[HeadRow, ...]
    n_heads: int = 0
    control_a: RandomBand | None = None
    control_b: RandomBand | None = None
    patterns: tuple[PatternShare, ...] = ()


class Suppressor(Message):
    """predicted: what it takes from the silent latent's pre-activation, by its edge; measured: what the pre-activation
    gains with it ablated. fires: whether the silent one then fires."""

    kind: NodeKind
    layer: int
    index: int
    column: int
    predicted: float
    measured: float
    fires: bool


class SilentNode(Message):
    """A latent that fires on one side and not on the other: margin = threshold − pre-activation where it is silent.
    control: what its pre-activation gains with random latents of the suppressors' layer ablated, one at a time."""

    number: int
    silent_in: Literal["a", "b"]
    margin: float
    held_down_by: tuple[Suppressor, ...]
    control: RandomBand | None = None


class SilentNodes(Message):
    kind: Literal["silent"] = "silent"
    seq: int
    nodes: tuple[SilentNode, ...]


class Gauge(Message):
    """How far a group moved to the other side, [strength]: 0 as it is, 1 the other's."""

    group: Text
    moved: tuple[float, ...]


class Turned(Message):
    """The answer to a turn, [strength] each: m, what the graph predicted of it, likeliest next tokens, and the band of
    random directions of the same norms at the same places. refuses: probability that the next token opens a
    refusal."""

    kind: Literal["turned"] = "turned"
    seq: int
    strengths: tuple[float, ...]
    m: tuple[float, ...]
    predicted: tuple[float, ...]
    control: tuple[RandomBand | None, ...]
    top: tuple[NextToken, ...]
    refuses: tuple[float, ...]
    gauges: tuple[Gauge, ...] = ()
