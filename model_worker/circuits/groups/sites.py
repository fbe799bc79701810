"""Nodes of a circuit by layer and place: where they are on a side, what they are now, and where they go.

Knows nothing about what is done with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model_worker.circuits.inquiry import Inquiry
from model_worker.model.sae import Dictionary

Masks = Mapping[int, Tensor]
"""Nodes by layer: (columns, n_nodes) bool; layers without any are left out."""
NodeValues = Mapping[int, Tensor]
"""By layer (columns, n_nodes)."""


@dataclass(frozen=True)
class ClampSite:
    """A layer's nodes: positions (p,) of the side; nodes (k,) that any of them has; mask, start, toward (p, k).
    latents: those nodes of the dictionary alone. n_skipped: positions that are left out before the first."""

    positions: Tensor
    nodes: Tensor
    mask: Tensor
    start: Tensor
    toward: Tensor
    latents: Dictionary | None
    n_skipped: int = 0

    def behind(self, first: int) -> "ClampSite":
        """Of the positions from `first` on, counted from there."""
        kept = self.positions >= first
        return replace(
            self,
            positions=self.positions[kept] - first,
            mask=self.mask[kept],
            start=self.start[kept],
            toward=self.toward[kept],
        )

    def read(self, x: Tensor) -> Tensor:
        """NodeValues now, (rows, p, k), of what nodes read, or are, (rows, pos, width)."""
        own = x[:, self.positions]
        return own[..., self.nodes] if self.latents is None else self.latents.encode(own)


def sites_of(
    inquiry: Inquiry, which: int, masks: Masks, start: NodeValues, toward: NodeValues, first: int
) -> dict[int, ClampSite]:
    """Positions count from `first`; columns before it, and those that the side lacks, are left out."""
    at = torch.tensor(inquiry.positions(which), device=inquiry.gemma.device)
    found = {}
    for layer, mask in sorted(masks.items()):
        columns = (mask.any(-1) & (at >= 0)).nonzero().flatten()
        n_skipped = int((at[columns] < first).sum())
        columns = columns[n_skipped:]
        nodes = mask[columns].any(0).nonzero().flatten()
        if len(nodes):
            cut = (columns.unsqueeze(-1), nodes)
            found[layer] = ClampSite(
                positions=at[columns] - first,
                nodes=nodes,
                mask=mask[cut].float(),
                start=start[layer][cut],
                toward=toward[layer][cut],
                latents=inquiry.dictionaries[layer].only(nodes) if inquiry.dictionaries else None,
                n_skipped=n_skipped,
            )
    return found


def node_weights(inquiry: Inquiry, layer: int, nodes: Tensor) -> Tensor:
    """|d|² of what each of the nodes (k,) writes."""
    rows = inquiry.dictionaries[layer].W_dec if inquiry.dictionaries else inquiry.gemma.blocks[layer].down
    return rows[nodes].square().sum(-1)
