"""The nodes that a circuit's frames have told of, by their number. Knows nothing about how they were chosen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from protocol.circuit import NodeKind

NodeKey = tuple[NodeKind, int, int, int]
"""kind, layer, index, column."""


@dataclass(frozen=True)
class ToldNode:
    """a, b: activations on the two sides; b None where there is one side. effect, relp: as CircuitNode has them."""

    number: int
    kind: NodeKind
    layer: int
    index: int
    column: int
    a: float
    b: float | None
    effect: float
    relp: float

    @property
    def key(self) -> NodeKey:
        return self.kind, self.layer, self.index, self.column


@dataclass(frozen=True)
class Told:
    """nodes: in the order of their numbers, layer by layer from the last, strongest first."""

    nodes: Sequence[ToldNode]

    def __iter__(self) -> Iterator[ToldNode]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    def of_layer(self, layer: int) -> list[ToldNode]:
        return [node for node in self.nodes if node.layer == layer]

    @cached_property
    def number_of(self) -> Mapping[NodeKey, int]:
        return {node.key: node.number for node in self.nodes}
