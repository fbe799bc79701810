"""A circuit's recording as whoever reads it needs it: how the prompts were read, its nodes by number, what was checked,
its groups and what was measured of them.

Knows frames of the present protocol, and no words. What the browser knows in static/circuit/graph.js.
"""

from dataclasses import dataclass, field
from typing import Literal

from protocol.enough import enough_controls, is_beyond
from protocol.refusal import Refused
from protocol.worker.circuit_frames import (
    Arrow,
    Arrows,
    Checked,
    Circuit,
    CircuitNode,
    CircuitSide,
    DefaultResult,
    Defaults,
    Edges,
    HeadRow,
    Heads,
    NodeGroup,
    NodeGroups,
    Nodes,
    SilentNode,
    SilentNodes,
)
from protocol.worker.frames import FRAME, Done

SideName = Literal["a", "b"]


@dataclass(frozen=True)
class NodePlace:
    """What a node is, whatever its number in one recording."""

    kind: str
    layer: int
    index: int
    column: int


@dataclass
class DrawnCircuit:
    """nodes: by number; layer_of: of each. checked: by number, the change of m in a and in b. edges: frames."""

    opening: Circuit
    layers: list[Nodes] = field(default_factory=list)
    nodes: list[CircuitNode] = field(default_factory=list)
    layer_of: list[int] = field(default_factory=list)
    checked: dict[int, tuple[float, float | None]] = field(default_factory=dict)
    fit: float | None = None
    edges: list[Edges] = field(default_factory=list)
    groups: tuple[NodeGroup, ...] = ()
    named_by: tuple[int, int] = (0, 0)
    arrows: tuple[Arrow, ...] = ()
    defaults: tuple[DefaultResult, ...] = ()
    heads: tuple[HeadRow, ...] = ()
    silent: list[SilentNode] = field(default_factory=list)
    done: Done | None = None

    @property
    def sides(self) -> tuple[SideName, ...]:
        return ("a", "b") if len(self.opening.sides) > 1 else ("a",)

    def side(self, which: SideName) -> CircuitSide:
        return self.opening.sides[0 if which == "a" else 1]

    @property
    def gap(self) -> float:
        """What the drawing explains: m of the first less m of the second, or m without one."""
        a, *b = self.opening.sides
        return a.m - b[0].m if b else a.m

    def place(self, number: int) -> NodePlace:
        node = self.nodes[number]
        return NodePlace(node.kind, self.layer_of[number], node.index, node.column)

    def members(self, group: NodeGroup) -> list[CircuitNode]:
        """Those that are told."""
        return [self.nodes[number] for number in group.members if number < len(self.nodes)]

    def strongest(self, group: NodeGroup) -> CircuitNode | None:
        """The told member whose effect is largest, the first of equals."""
        return max(self.members(group), key=lambda node: abs(node.effect), default=None)


def other(side: SideName) -> SideName:
    return "b" if side == "a" else "a"


def is_outside(arrow: Arrow) -> bool:
    """Whether what was measured on either side goes farther than random directions of equal norm did."""
    sides = ((arrow.in_a, arrow.control_a), (arrow.in_b, arrow.control_b))
    return any(
        band is not None and enough_controls(band.n) and is_beyond(share, band.low, band.high) for share, band in sides
    )


def inhibits(drawn: DrawnCircuit, arrow: Arrow) -> bool:
    """The more of the source the less of the target, or of m, by the side on which the larger share was measured.
    Where a group's members go both ways it only carries."""
    groups = {group.id: group for group in drawn.groups}
    share = max(arrow.in_a, arrow.in_b, key=abs)
    source = _leaning(drawn, groups[arrow.source]) if arrow.source in groups else 0
    if arrow.target is None:
        target = -1 if drawn.gap > 0 else 1
    else:
        target = _leaning(drawn, groups[arrow.target]) if arrow.target in groups else 0
    return source * target * share < 0


def _leaning(drawn: DrawnCircuit, group: NodeGroup) -> int:
    """Which way the members go from a to b: −1 or 1; 0 where some rise and some fall."""
    changes = [(node.b or 0.0) - node.a for node in drawn.members(group)]
    total = sum(changes)
    if not total or abs(total) <= sum(map(abs, changes)) / 2:
        return 0
    return 1 if total > 0 else -1


def read_circuit(recording: bytes) -> DrawnCircuit:
    """Raises Refused (422) for a recording that does not begin as a circuit does."""
    drawn: DrawnCircuit | None = None
    for line in recording.splitlines():
        frame = FRAME.validate_json(line)
        if isinstance(frame, Circuit):  # a background run that was interrupted is told anew
            drawn = DrawnCircuit(frame)
        elif drawn is None:
            break
        else:
            _add(drawn, frame)
    if drawn is None:
        raise Refused(
            422,
            "not_a_circuit",
            "A circuit's recording was asked.",
            "Its first line says how the prompts were read; this one's does not.",
            "Run the request again.",
        )
    return drawn


def _add(drawn: DrawnCircuit, frame: object) -> None:
    match frame:
        case Nodes():
            drawn.layers.append(frame)
            drawn.nodes.extend(frame.nodes)
            drawn.layer_of.extend([frame.layer] * len(frame.nodes))
        case Checked():
            in_b = frame.in_b or (None,) * len(frame.nodes)
            drawn.checked |= dict(zip(frame.nodes, zip(frame.in_a, in_b, strict=True), strict=True))
            drawn.fit = frame.fit
        case Edges():
            drawn.edges.append(frame)
        case NodeGroups():
            drawn.groups, drawn.named_by = frame.groups, frame.named_by
        case Arrows():
            drawn.arrows = frame.arrows
        case Defaults():
            drawn.defaults = frame.results
        case Heads():
            drawn.heads = frame.heads
        case SilentNodes():
            drawn.silent.extend(frame.nodes)
        case Done():
            drawn.done = frame
