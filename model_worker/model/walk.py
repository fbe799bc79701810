"""The way through the blocks of a Gemma, written once: for whole prompts, for what leaves them in the middle, for the
newest token of every row, and for what studies change inside of it.

    x = resid_post of the block before `first`, or the embedding
    each block: keys and values to whoever remembers them; x = resid_post; then `after` changes or reads it

Knows nothing about what the tokens are, who steers them or where keys and values are kept.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from model_worker.model.gemma import Block, Gemma, KeysValues, Rotation, Shape, Within, run_block

RememberLayer = Callable[[int, Tensor, Tensor], KeysValues]
"""Called with the layer and its new keys and values; returns all that the queries may see (gemma.Remember)."""

After = Callable[[int, Tensor], Tensor]
"""Called with the layer and its resid_post; returns what the next block begins with."""

MixLayer = Callable[[int, Tensor], Tensor]
"""Called with the layer and its heads' z (gemma.Mix)."""

WithinLayer = Callable[[int], Within | None]
"""Of a layer, what looks into its MLP (gemma.Within); None: nobody."""


class Sight(NamedTuple):
    """Of queries at their positions, by block: how they are rotated, and which keys they see."""

    rotations: Sequence[Rotation]
    masks: Sequence[Tensor]


def sight(gemma: Gemma, queries: Tensor, keys: Tensor) -> Sight:
    """queries (batch or 1, pos), keys (n_keys,): positions."""
    return Sight(gemma.rotations(queries), gemma.masks(queries, keys))


def walk(
    shape: Shape,
    blocks: Sequence[Block],
    x: Tensor,
    seen: Sight,
    remember: RememberLayer,
    *,
    first: int = 0,
    after: After | None = None,
    mix: MixLayer | None = None,
    within: WithinLayer | None = None,
    last_only: bool = False,
) -> Tensor:
    """resid_post (batch, pos, d_model) of the last of these blocks, from what goes into block `first`.

    last_only: the last block gives that of the last position alone, and its mask is that of the last query
    """
    end = len(blocks)
    for layer in range(first, end):
        x = run_block(
            shape,
            blocks[layer],
            x,
            seen.rotations[layer],
            seen.masks[layer],
            partial(remember, layer),
            mix=None if mix is None else partial(mix, layer),
            within=None if within is None else within(layer),
            last_only=last_only and layer == end - 1,
        )
        if after is not None:
            x = after(layer, x)
    return x


def behind(kept: KeysValues, keys: Tensor, values: Tensor) -> KeysValues:
    """What one row kept, with the new ones of each row behind it."""
    n_rows = keys.shape[0]
    old_keys, old_values = (one.expand(n_rows, -1, -1, -1) for one in kept)
    return torch.cat([old_keys, keys], dim=2), torch.cat([old_values, values], dim=2)
