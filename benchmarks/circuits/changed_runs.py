"""A prompt run again with something changed in it, and what its last token then says.

    hidden     tokens that others may not look at; what is left of where those look is renormalised
    replaced   the residual stream after a layer, at some positions
Knows nothing about circuits' nodes, nor why one would change anything.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from model_worker.answering.first_pass import refusal_logodds
from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import Taps

T = TypeVar("T")


@dataclass(frozen=True)
class SaidAfter:
    """Of rows: m (rows,), as the inquiry's target has it; refuses (rows,): log-odds that the next token opens a
    refusal; top (rows,): the likeliest token's id."""

    m: Tensor
    refuses: Tensor
    top: Tensor


@torch.no_grad()
def said_after(inquiry: Inquiry, x: Tensor) -> SaidAfter:
    """x (rows, d_model), the last residual at the last token."""
    logits = torch.cat([inquiry.gemma.logits(some) for some in x.split(8)]).float()
    m = inquiry.target(x.unsqueeze(1), PLAIN)
    return SaidAfter(m, refusal_logodds(logits, inquiry.loaded.opens_refusal), logits.argmax(-1))


@torch.no_grad()
def replaced(side: PromptSide, layer: int, start: int, rows: Tensor) -> Tensor:
    """rows (n, pos − start, d_model): residuals after `layer` from `start` on. The last residual (n, d_model)."""
    return torch.cat([side.run(some, first=layer + 1, start=start)[:, -1] for some in rows.split(8)])


@torch.no_grad()
def hidden(side: PromptSide, firsts: Sequence[int], n: int, *, from_end_alone: bool) -> Tensor:
    """The last residual (rows, d_model) where n tokens from each first on are not seen by the last token, or by any
    token behind them."""
    found = []
    for first in firsts:
        behind = torch.arange(side.n_pos) >= (side.n_pos - 1 if from_end_alone else first + n)
        seen = torch.ones(side.n_pos, side.n_pos)
        seen[behind, first : first + n] = 0.0

        def pattern(_layer: int, own: Tensor, seen: Tensor = seen) -> Tensor:
            kept = own * seen[-own.shape[2] :]
            return kept / kept.sum(-1, keepdim=True).clamp(min=1e-30)

        start = side.n_pos - 1 if from_end_alone else 0
        found.append(side.run(side.embedding[:, start:], start=start, taps=Taps(pattern=pattern))[0, -1])
    return torch.stack(found)


def random_like(deltas: Tensor, n: int, seed: int) -> Tensor:
    """deltas (pos, d_model) → (n, pos, d_model): each position's as long, in a random direction."""
    drawn = torch.randn(n, *deltas.shape, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(drawn, dim=-1) * deltas.norm(dim=-1, keepdim=True)


def end_of(steps: Generator[object, None, T]) -> T:
    """What a generator of short steps returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
