"""Neurons of MLPs that are multiplied by a factor, as deltas of the residual stream.

With z the input of down_proj, w_j its rows, h = sum_j z_j w_j what it writes, and N the norm behind it:

    h'    = h + sum_j (factor - 1) z_j w_j          over the chosen neurons of this block, z of the same pass
    delta = N(h') - N(h)                            added to resid_post

which is what scaling z_j itself does (the norm is what makes one neuron's factor everybody's business). A factor of 1
adds exactly 0. `a` is the mean over the set of its neurons' shares,

    CETT_j = |z_j| |w_j| / (|h| + 1e-8)             Gao et al. 2025, equations 1 and 2: before, and with z', h' after

Several at one block: all read the same z, and what they add to h adds up. Knows nothing about which neurons are
chosen or why.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.model.gemma import Block
from model_worker.neurons.shares import EPS


@dataclass(frozen=True)
class NeuronDelta:
    """`neurons`: (layer, index) of each. At prompt `positions`, and at generated tokens if `generated`."""

    neurons: tuple[tuple[int, int], ...]
    positions: tuple[int, ...]
    generated: bool
    factor: float

    @property
    def layers(self) -> tuple[int, ...]:
        return tuple(sorted({layer for layer, _ in self.neurons}))

    @property
    def layer(self) -> int:
        """Behind which block the stream is another than without it, for the first time."""
        return self.layers[0]

    def of(self, layer: int) -> list[int]:
        return [index for own, index in self.neurons if own == layer]


class NeuronSite:
    """The deltas of all rows of one pass within one block. `before`, `after`: of each delta what its neurons of this
    block add to its `a`, (len(deltas), pos); there once it was called."""

    def __init__(self, block: Block, layer: int, deltas: Sequence[tuple[int, NeuronDelta]], steered: Tensor) -> None:
        """deltas: with the batch row of each. steered (len(deltas), pos): 1 where it holds, else 0; pos in the pass."""
        device = steered.device
        own = [delta.of(layer) for _, delta in deltas]
        most = max(map(len, own))
        # padded with neuron 0 at a factor of 1 and a share of 0
        self._index = torch.tensor([[*of, *[0] * (most - len(of))] for of in own], device=device)
        counts = torch.tensor([[1.0 / len(delta.neurons)] * len(of) + [0.0] * (most - len(of))
                               for (_, delta), of in zip(deltas, own, strict=True)], device=device)  # fmt: skip
        factors = torch.tensor([delta.factor - 1.0 for _, delta in deltas], device=device)
        self._rows = torch.tensor([row for row, _ in deltas], device=device)
        self._written = block.down[self._index].float()  # (deltas, most, d_model)
        self._weight = (self._written.norm(dim=-1) * counts).unsqueeze(1)  # (deltas, 1, most)
        self._more = factors[:, None, None] * (counts > 0).unsqueeze(1) * steered.unsqueeze(-1)  # (deltas, pos, most)
        self._norm = block.after_mlp
        self.before = self.after = torch.empty(0)

    def __call__(self, z: Tensor, h: Tensor) -> Tensor:
        """What is added to resid_post, (batch, pos, d_model) fp32; gemma.Within."""
        index = self._index.unsqueeze(1).expand(-1, z.shape[1], -1)
        own = z[self._rows].float().gather(-1, index)  # (deltas, pos, most)
        more = self._more * own
        moved = torch.zeros(h.shape, device=h.device)
        moved.index_add_(0, self._rows, more @ self._written)
        h = h.float()
        turned = h + moved
        self.before = self._share(own, h)
        self.after = self._share(own + more, turned)
        return self._norm(turned) - self._norm(h)

    def _share(self, z: Tensor, h: Tensor) -> Tensor:
        size = h.norm(dim=-1)[self._rows] + EPS
        return (z.abs() * self._weight).sum(-1) / size
