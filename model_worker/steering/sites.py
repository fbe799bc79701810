"""Where the deltas of a pass act: by block, behind it and within its MLP.

Knows nothing about keys, values or which tokens pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from model_worker.model.gemma import Block
from model_worker.neurons.scaled import NeuronDelta, NeuronSite
from model_worker.steering.formula import Delta, Site

AnyDelta = Delta | NeuronDelta

OneKind = TypeVar("OneKind", Delta, NeuronDelta)


@dataclass(frozen=True)
class Sites:
    """By layer."""

    behind: dict[int, Site] = field(default_factory=dict)
    within: dict[int, NeuronSite] = field(default_factory=dict)

    def __contains__(self, layer: int) -> bool:
        return layer in self.behind or layer in self.within

    def __bool__(self) -> bool:
        return bool(self.behind or self.within)


def first_changed(deltas: Sequence[AnyDelta]) -> int:
    """The last block whose resid_post is as it was without them, but for what is added behind it; -1: none."""
    return min(delta.layer - 1 if isinstance(delta, NeuronDelta) else delta.layer for delta in deltas)


def prompt_sites(blocks: Sequence[Block], rows: Sequence[Sequence[AnyDelta]], first: int, n_prompt: int) -> Sites:
    """For a pass over prompt positions `first` to n_prompt of these rows."""

    def steered(delta: AnyDelta) -> Tensor:
        at = torch.zeros(n_prompt)
        at[list(delta.positions)] = 1.0
        return at[first:]

    return _sites(blocks, [[(d, steered(d)) for d in deltas if d.positions] for deltas in rows])


def decode_sites(blocks: Sequence[Block], rows: Sequence[Sequence[AnyDelta]]) -> Sites:
    """For a pass over one generated token of these rows, which all deltas are for."""
    return _sites(blocks, [[(d, torch.ones(1)) for d in deltas] for deltas in rows])


def _sites(blocks: Sequence[Block], rows: Sequence[Sequence[tuple[AnyDelta, Tensor]]]) -> Sites:
    """rows: of each its deltas, with 1 at the tokens of the pass where they hold, else 0."""
    behind: dict[int, list[tuple[int, Delta, Tensor]]] = {}
    within: dict[int, list[tuple[int, NeuronDelta, Tensor]]] = {}
    for row, deltas in enumerate(rows):
        for delta, steered in deltas:
            if isinstance(delta, NeuronDelta):
                for layer in delta.layers:
                    within.setdefault(layer, []).append((row, delta, steered))
            else:
                behind.setdefault(delta.layer, []).append((row, delta, steered))
    device = blocks[0].down.device
    return Sites(
        {layer: Site(*_of_rows(found, device)) for layer, found in behind.items()},
        {layer: NeuronSite(blocks[layer], layer, *_of_rows(found, device)) for layer, found in within.items()},
    )


def _of_rows(
    found: Sequence[tuple[int, OneKind, Tensor]], device: torch.device
) -> tuple[list[tuple[int, OneKind]], Tensor]:
    return [(row, delta) for row, delta, _ in found], torch.stack([steered for *_, steered in found]).to(device)
