"""One token of many rows through the blocks, and where their keys and values are kept.

Knows nothing about groups, steering or what is chosen.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.model.gemma import Block, KeysValues, Rotation, Shape
from model_worker.model.walk import Sight, walk


class KeyValueSlots(NamedTuple):
    """Where rows keep their keys and values, by layer (slots, n_kv_heads, tokens, head_dim) each: in `slots` (rows,),
    the newest at `at` (rows,); no row has more than n_keys. everyone: the rows are all, in slot order."""

    keys: Sequence[Tensor]
    values: Sequence[Tensor]
    slots: Tensor
    at: Tensor
    n_keys: int
    everyone: bool

    def remember(self, layer: int, new_keys: Tensor, new_values: Tensor) -> KeysValues:
        """Of the newest token of each row, (rows, n_kv_heads, 1, head_dim) each; returns each row's own."""
        keys, values, n_rows = self.keys[layer], self.values[layer], new_keys.shape[0]
        keys[self.slots, :, self.at] = new_keys[:, :, 0]
        values[self.slots, :, self.at] = new_values[:, :, 0]
        own = slice(n_rows) if self.everyone else self.slots
        return keys[own, :, : self.n_keys], values[own, :, : self.n_keys]


def decode_all(
    shape: Shape,
    blocks: Sequence[Block],
    x: Tensor,
    rotations: Sequence[Rotation],
    masks: Sequence[Tensor],
    keys: Sequence[Tensor],
    values: Sequence[Tensor],
    at: Tensor,
    n_keys: int,
) -> list[Tensor]:
    """resid_post (rows, 1, d_model) after each block, for all rows in slot order: one graph for torch.compile."""
    after: list[Tensor] = []

    def kept(layer: int, x: Tensor) -> Tensor:
        after.append(x)
        return x

    slots = torch.arange(x.shape[0], device=x.device)
    kept_in = KeyValueSlots(keys, values, slots, at, n_keys, everyone=True)
    walk(shape, blocks, x, Sight(rotations, masks), kept_in.remember, after=kept)
    return after
