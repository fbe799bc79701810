"""A model without one direction of its residual stream: weights orthogonalised as in the paper, or exactly.

With d^ of norm 1, every matrix that writes to the stream, seen as rows in d_model, loses its part along d^ (Ferrando
et al., equation 9): W <- W - (W d^) d^T, for W_E, every W_O and every MLP W_out; W_U keeps it.

    paper   what these matrices give loses its part along d^, which is the same: x W' = x W - (x W d^) d^. Gemma norms
            what W_O and W_out give before it is added, and the norm's gain turns it: some of d^ comes back.
    exact   what is added to the stream, behind those norms, loses its part: the stream is orthogonal to d^.

So no weight is changed or copied, and nothing can stay behind: the model that was given shares all tensors with the one
that comes back. We differ from the paper in rounding alone, where the dtype is narrow: the projection is in fp32.
Knows nothing about latents.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from torch import Tensor

from model_worker.model.gemma import Block, Gemma, Normed

Way = Literal["paper", "exact"]
Edit = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Without:
    """x (..., d_model) less its part along `unit` (d_model,), fp32 of norm 1."""

    unit: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        wide = x.float()
        return (wide - (wide @ self.unit).unsqueeze(-1) * self.unit).to(x.dtype)


@dataclass(frozen=True)
class _Before:
    """In the place of a norm: what goes in is edited first."""

    norm: Normed
    edit: Edit

    def __call__(self, x: Tensor) -> Tensor:
        return self.norm(self.edit(x))


@dataclass(frozen=True)
class _Behind:
    """In the place of a norm: what comes out is edited."""

    norm: Normed
    edit: Edit

    def __call__(self, x: Tensor) -> Tensor:
        return self.edit(self.norm(x))


class Orthogonal(Gemma):
    """`gemma` without `direction` (d_model,), which need not have norm 1."""

    def __init__(self, gemma: Gemma, direction: Tensor, way: Way) -> None:
        vars(self).update(vars(gemma))
        self._edit = Without(direction.float() / direction.float().norm())
        self.blocks = tuple(_without(block, self._edit, way) for block in gemma.blocks)

    def embed(self, ids: Tensor) -> Tensor:
        return self._edit(super().embed(ids))


def _without(block: Block, edit: Edit, way: Way) -> Block:
    place: type[_Before | _Behind] = _Before if way == "paper" else _Behind
    return replace(
        block,
        after_attention=place(block.after_attention, edit),
        after_mlp=place(block.after_mlp, edit),
    )
