"""The one formula of steering, at a site: what is added to the residual stream after one block.

Every mode of protocol/vocabulary.py is `delta = (constant + slope * a) * write`, with `a` one reading of the residual
x, `a = x . read + bias where that exceeds the threshold, else 0`:

    mode         constant   slope          write      read
    add          alpha      0              d          the latent's encoder, or d^ of a vector
    clamp        strength   -1             d, d^      the same
    scale        0          strength - 1   d, d^      the same
    ablate       0          -strength      d, d^      the same
    project_out  0          -strength      d^         d^, without threshold and offset
    swap         0          strength       d_to - d   the latent's encoder

Deltas are computed in fp32 and added, never substituted. Knows nothing about requests, caches or frames in flight.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from protocol.vocabulary import Mode

FORMULAS: dict[Mode, Callable[[float], tuple[float, float]]] = {
    "add": lambda alpha: (alpha, 0.0),
    "clamp": lambda strength: (strength, -1.0),
    "scale": lambda strength: (0.0, strength - 1.0),
    "ablate": lambda strength: (0.0, -strength),
    "project_out": lambda strength: (0.0, -strength),
    "swap": lambda strength: (0.0, strength),
}
"""Constant and slope."""


@dataclass(frozen=True)
class TargetReader:
    """a = x . read + bias where that exceeds `threshold`, else 0. `read` (d_model,) fp32."""

    read: Tensor
    bias: float
    threshold: float


@dataclass(frozen=True)
class Delta:
    """What is added after block `layer` at prompt `positions`, and at generated tokens if `generated`."""

    layer: int
    positions: tuple[int, ...]
    generated: bool
    reading: TargetReader
    constant: float
    slope: float
    write: Tensor


class Site:
    """The deltas of all rows of one pass after one block: all readings come before any delta, and deltas add up."""

    def __init__(self, deltas: Sequence[tuple[int, Delta]], steered: Tensor) -> None:
        """deltas: with the batch row of each. steered (len(deltas), pos): 1 where it holds, else 0; pos in the pass."""

        def column(values: list[float]) -> Tensor:
            return torch.tensor(values, device=steered.device).unsqueeze(-1)

        self._rows = torch.tensor([row for row, _ in deltas], device=steered.device)
        self._read = torch.stack([delta.reading.read for _, delta in deltas])
        self._write = torch.stack([delta.write for _, delta in deltas])
        self._bias = column([delta.reading.bias for _, delta in deltas])
        self._threshold = column([delta.reading.threshold for _, delta in deltas])
        self._constant = column([delta.constant for _, delta in deltas])
        self._slope = column([delta.slope for _, delta in deltas])
        self._steered = steered

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """x (batch, pos, d_model) after the deltas, and each delta's `a` before and after, (len(deltas), pos)."""
        own = x[self._rows].float()
        before = self._a(own)
        size = (self._constant + self._slope * before) * self._steered
        added = torch.zeros(x.shape, device=x.device)
        added.index_add_(0, self._rows, size.unsqueeze(-1) * self._write.unsqueeze(1))
        x = (x.float() + added).to(x.dtype)
        return x, before, self._a(x[self._rows].float())

    def _a(self, x: Tensor) -> Tensor:
        pre = torch.einsum("npd,nd->np", x, self._read) + self._bias
        return torch.where(pre > self._threshold, pre, torch.zeros_like(pre))
