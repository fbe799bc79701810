"""A head's queries and keys, part by part: what each part of the residual stream puts into them.

    x = Σ parts      Σ a_i d_i + b_dec + ε by the dictionary of the layer below; without one (a transcoder reads no
                     residual) the embedding, and what each layer below wrote; at BOS, which no dictionary was trained
                     on, ε alone
    query, key       W n(x), then Gemma 3's own norm, then turned by its position

The norms' divisions (of the block's input, and of q and k) stay at the clean run's values, so that each part goes
through by itself and parts add up. In float64: scores reach 40 and parts cancel. Knows nothing about what is told.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.model.dictionaries.transcoder import Transcoder
from model_worker.model.gemma import Block, Norm

QueryKeyPart = tuple[Literal["sae", "error", "bias", "token", "block"], int, int]
"""kind, layer, index."""


@dataclass(frozen=True)
class QueryKey:
    """One head of one block on one prompt. to_query, to_key (d_model, head_dim)."""

    inquiry: Inquiry
    side: PromptSide
    layer: int
    to_query: Tensor
    to_key: Tensor

    @classmethod
    def of(cls, inquiry: Inquiry, side: PromptSide, layer: int, head: int) -> "QueryKey":
        shape, block = inquiry.gemma.shape, inquiry.gemma.blocks[layer]
        size = shape.head_dim
        key = (shape.n_heads + head * shape.n_kv_heads // shape.n_heads) * size
        to_query, to_key = (block.qkv[:, first : first + size].double() for first in (head * size, key))
        return cls(inquiry, side, layer, to_query, to_key)

    def query(self, pos: int) -> tuple[list[QueryKeyPart], Tensor]:
        """Parts, and what each gives the query, the scores' scale within it, (n, head_dim)."""
        names, parts = self._parts(pos)
        return names, self.inquiry.gemma.shape.scale * self._through(pos, parts, self.to_query, self._block.q_norm)

    def key(self, pos: int) -> tuple[list[QueryKeyPart], Tensor]:
        names, parts = self._parts(pos)
        return names, self._through(pos, parts, self.to_key, self._block.k_norm)

    def scores(self, query: int, keys: list[int]) -> Tensor:
        """(n,) as the model has them before its cap: nothing taken apart."""
        block, shape = self._block, self.inquiry.gemma.shape
        h = block.before_attention(self.side.into(self.layer)[0]).double()
        q, k = h[[query]] @ self.to_query, h[keys] @ self.to_key
        if block.q_norm is not None and block.k_norm is not None:
            q, k = block.q_norm(q).double(), block.k_norm(k).double()
        return shape.scale * (self._turned(k, keys) @ self._turned(q, [query])[0])

    @property
    def _block(self) -> Block:
        return self.inquiry.gemma.blocks[self.layer]

    def _through(self, pos: int, parts: Tensor, weights: Tensor, norm: Norm | None) -> Tensor:
        own = _at_the_size_of(self._block.before_attention, parts) @ weights
        if norm is not None:
            own = _at_the_size_of(norm, own)
        return self._turned(own, [pos])

    def _turned(self, x: Tensor, at: list[int]) -> Tensor:
        """x (n, head_dim) at positions (n,), or all at one."""
        rotation = self.side.whole.rotations[self.layer]
        cos, sin = rotation.cos[0, at, 0].double(), rotation.sin[0, at, 0].double()
        return x * cos + x.roll(x.shape[-1] // 2, -1) * sin

    def _parts(self, pos: int) -> tuple[list[QueryKeyPart], Tensor]:
        """Of what goes into the block at a position, (n, d_model)."""
        below = self.layer - 1
        x = self.side.into(self.layer)[0, pos]
        dictionary = self.inquiry.dictionaries.get(below)
        if below >= 0 and dictionary is not None and not isinstance(dictionary, Transcoder):
            if pos == 0:
                return [("error", below, 0)], x.double().unsqueeze(0)
            active = dictionary.active(x.unsqueeze(0))
            decoded = active.value.double().unsqueeze(-1) * dictionary.W_dec[active.latent].double()
            bias = dictionary.b_dec.double()
            missed = x.double() - decoded.sum(0) - bias
            names: list[QueryKeyPart] = [("sae", below, latent) for latent in active.latent.tolist()]
            return [*names, ("bias", below, 0), ("error", below, 0)], torch.cat([decoded, torch.stack([bias, missed])])
        inputs = [self.side.into(layer)[0, pos].double() for layer in range(self.layer + 1)]
        parts = [inputs[0], *(after - before for before, after in pairwise(inputs))]
        return [("token", 0, 0), *(("block", layer, 0) for layer in range(self.layer))], torch.stack(parts)


def _at_the_size_of(norm: Norm, parts: Tensor) -> Tensor:
    """The norm with its division as their sum has it, of each by itself."""
    size = torch.hypot(parts.sum(0).norm(), norm.floor.double())
    return parts / size * norm.scaled.double()
