"""Attention heads at a sequence's last token: where they look, what they write, and what changing that does.

    pattern = softmax(q . keys)     z = pattern values     a block's attention adds  N2(sum over heads of z W_O)

What is changed at the last token alone leaves everything before it as it was, so that only this token takes its way
through the blocks again, over the keys and values that the sequence has. Knows nothing about names or questions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.decoding.states import Fork, PromptState
from model_worker.model.gemma import Gemma, KeysValues, Norm, attention_weights, projected
from model_worker.model.walk import MixLayer, Sight, behind, sight, walk

Head = tuple[int, int]
"""Layer and number within it."""


@dataclass(frozen=True)
class Look:
    """What all heads do at the last token.

    pattern  (rows, n_layers, n_heads, n_keys)
    sizes    the same: the norms of the values that the pattern weighs
    z        (rows, n_layers, n_heads, head_dim)
    """

    pattern: Tensor
    sizes: Tensor
    z: Tensor


@dataclass(frozen=True)
class Cut:
    """The edge from the last token to the token at `key`, in these heads. share: of the weight that it would have
    beside the other edges' scores; 1 is all of it."""

    heads: tuple[Head, ...]
    key: int
    share: float


@torch.inference_mode()
def look(gemma: Gemma, state: PromptState, part: Fork | None = None) -> Look:
    """Of the state's last token, one row; or of each of the fork's, which must have read all layers from where its
    steering begins to the last but one. Not a walk: what goes into each block is known already, and nothing goes on."""
    n_keys, n_rows = len(state.ids), 1 if part is None else part.logits.shape[0]
    seen = _at_last(gemma, n_keys)
    patterns, sizes, outputs = [], [], []
    group = gemma.shape.n_heads // gemma.shape.n_kv_heads
    for layer, block in enumerate(gemma.blocks):
        keys, values = state.keys[layer].expand(n_rows, -1, -1, -1), state.values[layer].expand(n_rows, -1, -1, -1)
        x = _into(gemma, state, layer).expand(n_rows, -1, -1)
        if part is not None and layer in part.keys:
            x = part.residuals[layer - 1][:, -1:]
            keys = torch.cat([keys[:, :, : part.first], part.keys[layer]], dim=2)
            values = torch.cat([values[:, :, : part.first], part.values[layer]], dim=2)
        q, _, _ = projected(gemma.shape, block, x, seen.rotations[layer])
        pattern = attention_weights(gemma.shape, q, keys, seen.masks[layer])
        patterns.append(pattern.flatten(1, 2))
        outputs.append((pattern @ values).flatten(1, 2))
        sizes.append(values.float().norm(dim=-1).repeat_interleave(group, dim=1))
    return Look(torch.stack(patterns, 1), torch.stack(sizes, 1), torch.stack(outputs, 1))


@torch.inference_mode()
def written(gemma: Gemma, z: Tensor) -> Tensor:
    """What each head adds to the residual stream, (rows, n_layers, n_heads, d_model) fp32, of z as in Look. The norm
    after attention is that of all heads together: they add up to what the block's attention adds."""
    layers = []
    for layer, block in enumerate(gemma.blocks):
        out = block.out.unflatten(0, (gemma.shape.n_heads, gemma.shape.head_dim))
        own = torch.einsum("rhd,hdm->rhm", z[:, layer], out).float()
        size = torch.linalg.vector_norm(own.sum(1, keepdim=True), dim=-1, keepdim=True)
        norm = block.after_attention
        assert isinstance(norm, Norm), "an edit behind it would be left out"
        layers.append(own / torch.hypot(size, norm.floor) * norm.scaled)
    return torch.stack(layers, 1)


@torch.inference_mode()
def told_apart(gemma: Gemma, state: PromptState, seen: Look, this: int, other: int) -> Tensor:
    """What each head of the untouched run, (n_layers, n_heads), adds to the logit of token `this` less that of
    `other` directly, with the final norm's division as it is and without the soft cap."""
    logits = gemma.head.unembed(written(gemma, seen.z)[0], (this, other)).float()
    size = state.residuals[-1][-1].float().square().mean().sqrt()
    return (logits[..., 0] - logits[..., 1]) / size


@torch.inference_mode()
def with_cuts(gemma: Gemma, state: PromptState, rows: Sequence[Cut]) -> Tensor:
    """Logits (rows, vocab) after the last token, each row with its own edge cut: log(1 - share) is added to its
    scores."""
    group = gemma.shape.n_heads // gemma.shape.n_kv_heads
    begins = min((layer for row in rows for layer, _ in row.heads), default=0)

    def cut(layer: int, mask: Tensor) -> Tensor:
        own = mask.repeat(len(rows), gemma.shape.n_kv_heads, 1, 1)
        for number, row in enumerate(rows):
            taken = torch.log1p(torch.tensor(-row.share, dtype=torch.float64)).item()
            for head in (head for at, head in row.heads if at == layer):
                own[number, head // group, head % group, row.key] += taken
        return own

    seen = _at_last(gemma, len(state.ids))
    masks = [cut(layer, mask) if layer >= begins else mask for layer, mask in enumerate(seen.masks)]
    return _last_token(gemma, state, len(rows), begins, Sight(seen.rotations, masks))


@torch.inference_mode()
def with_outputs(gemma: Gemma, state: PromptState, rows: Sequence[Mapping[Head, Tensor]]) -> Tensor:
    """Logits (rows, vocab) after the last token, each row with the z (head_dim,) of some heads put in place of its
    own."""
    begins = min((layer for row in rows for layer, _ in row), default=0)

    def replaced(layer: int, z: Tensor) -> Tensor:
        flat = z.flatten(1, 2)  # (rows, n_heads, head_dim)
        for number, row in enumerate(rows):
            for head in (head for at, head in row if at == layer):
                flat[number, head] = row[layer, head]
        return flat.view_as(z)

    return _last_token(gemma, state, len(rows), begins, _at_last(gemma, len(state.ids)), replaced)


def _last_token(
    gemma: Gemma, state: PromptState, n_rows: int, begins: int, seen: Sight, mix: MixLayer | None = None
) -> Tensor:
    """Logits (rows, vocab): the last token through the blocks from `begins` on."""

    def remember(layer: int, keys: Tensor, values: Tensor) -> KeysValues:
        return behind(state.kept(layer, len(state.ids) - 1), keys, values)

    x = _into(gemma, state, begins).expand(n_rows, -1, -1).contiguous()
    return gemma.logits(walk(gemma.shape, gemma.blocks, x, seen, remember, first=begins, mix=mix)[:, 0])


def _at_last(gemma: Gemma, n_keys: int) -> Sight:
    """The last token's."""
    at = torch.arange(n_keys, device=gemma.device)
    return sight(gemma, at[-1:].unsqueeze(0), at)


def _into(gemma: Gemma, state: PromptState, layer: int) -> Tensor:
    """What goes into a block at the last token, (1, 1, d_model)."""
    if layer == 0:
        return gemma.embed(torch.tensor([[state.ids[-1]]], device=gemma.device))
    return state.residuals[layer - 1][-1:].unsqueeze(0)
