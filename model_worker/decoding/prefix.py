"""Rows of tokens that begin alike, read as deep into the model as somebody asked.

1. what all rows begin with is read once, as a row of its own; the rows go on from its keys and values
2. the residual after a block is where the next block begins: asked for a deeper layer, the rows go on from there
3. of the layers that are wanted, the residuals at some of the tokens are kept

Knows nothing about what the text is or what its residuals are for.
"""

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from model_worker.decoding.states import Ids
from model_worker.model.gemma import Gemma, KeysValues
from model_worker.model.walk import behind, sight, walk

Keep = Literal["all", "last"]


class _Reached(NamedTuple):
    """Where the next block begins. begin (1, n_begin, d_model). rows (rows, pos, d_model): behind the end of a shorter
    one they mean nothing."""

    begin: Tensor
    rows: Tensor


class Passage:
    """`depth`: how many blocks have run; `n_bytes`: what is held for that."""

    def __init__(self, gemma: Gemma, begin: Ids, rows: Sequence[Ids], layers: Collection[int], keep: Keep) -> None:
        """begin: what stands before each row, one token at least. keep: all tokens of a row, or its last."""
        self._gemma, self._begin, self._rows = gemma, begin, tuple(rows)
        self._layers, self._keep = frozenset(layers), keep
        self._reached: _Reached | None = None
        self._kept: dict[int, Tensor] = {}
        self.depth = self.n_bytes = 0

    def residuals(self, layer: int) -> Tensor:
        """(n, d_model) of the tokens that are kept, row after row. `layer` is wanted and was read."""
        return self._kept[layer]

    @torch.inference_mode()
    def read(self, layer: int) -> None:
        """Up to resid_post of block `layer`, unless it was read as far."""
        gemma, n_begin, n_pos = self._gemma, len(self._begin), max(map(len, self._rows))
        at = torch.arange(n_begin + n_pos, device=gemma.device)
        first, rest = at[:n_begin].unsqueeze(0), at[n_begin:].unsqueeze(0)
        begin, rows = self._reached or self._embedding(n_pos)
        shape, blocks, shared = gemma.shape, gemma.blocks[: layer + 1], dict[int, KeysValues]()

        def remember(index: int, keys: Tensor, values: Tensor) -> KeysValues:
            shared[index] = keys, values
            return shared[index]

        def recall(index: int, keys: Tensor, values: Tensor) -> KeysValues:
            return behind(shared.pop(index), keys, values)

        def kept(index: int, x: Tensor) -> Tensor:
            if index in self._layers:
                self._kept[index] = self._of_kept_tokens(x)
            return x

        begin = walk(shape, blocks, begin, sight(gemma, first, at[:n_begin]), remember, first=self.depth)
        rows = walk(shape, blocks, rows, sight(gemma, rest, at), recall, first=self.depth, after=kept)
        self._reached, self.depth = _Reached(begin, rows), max(self.depth, layer + 1)
        held = (begin, rows, *self._kept.values())
        self.n_bytes = sum(one.numel() * one.element_size() for one in held)

    def _embedding(self, n_pos: int) -> _Reached:
        padded = [[*row, *[0] * (n_pos - len(row))] for row in self._rows]
        begin, rows = (torch.tensor(ids, device=self._gemma.device) for ids in ([self._begin], padded))
        return _Reached(self._gemma.embed(begin), self._gemma.embed(rows))

    def _of_kept_tokens(self, x: Tensor) -> Tensor:
        own = zip(x, map(len, self._rows), strict=True)
        return torch.cat([row[n - 1 : n] if self._keep == "last" else row[:n] for row, n in own])
