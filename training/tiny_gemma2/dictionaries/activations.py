"""Residual-stream vectors of a model, read off at chosen positions.

Layers are sae-lens layers: `resid_post`, the output of block `layer`.
Knows nothing about dictionaries.
"""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor

from training.tiny_gemma2.language_model.base import EOS, PAD, padded, token_batches
from training.tiny_gemma2.language_model.prompts import EntityPrompt


@contextmanager
def reading(model, layers: tuple[int, ...]) -> Iterator[dict[int, Tensor]]:
    """While open, every forward pass leaves (batch, pos, d_model) of each layer in the dict."""
    seen: dict[int, Tensor] = {}
    with ExitStack() as stack:
        for layer in layers:

            def keep(_module, _inputs, out: Tensor, layer: int = layer) -> None:
                seen[layer] = out

            stack.callback(model.model.layers[layer].register_forward_hook(keep).remove)
        yield seen


def counted(ids: Tensor) -> Tensor:
    """(batch, pos), True for the tokens of a document: not <bos>, <eos> or padding."""
    real = (ids != PAD) & (ids != EOS)
    real[:, 0] = False
    return real


@torch.no_grad()
def document_activations(model, rows: list[list[int]], layers: tuple[int, ...], limit: int) -> dict[int, Tensor]:
    """layer → (at most `limit` tokens, d_model); <bos>, <eos> and padding are left out."""
    kept: dict[int, list[Tensor]] = {layer: [] for layer in layers}
    n = 0
    with reading(model, layers) as seen:
        for group in token_batches(rows, 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = counted(ids)
            n += int(real.sum())
            for layer in layers:
                kept[layer].append(seen[layer][real])
            if n >= limit:
                break
    return {layer: torch.cat(parts)[:limit] for layer, parts in kept.items()}


def at_last_entity_token(model, prompts: list[EntityPrompt], layers: tuple[int, ...]) -> dict[int, Tensor]:
    """layer → (n prompts, d_model)."""
    return at_positions(model, prompts, [p.last for p in prompts], layers)


def at_last_token(model, prompts: list[EntityPrompt], layers: tuple[int, ...]) -> dict[int, Tensor]:
    """layer → (n prompts, d_model), where the answer is about to begin."""
    return at_positions(model, prompts, [len(p.ids) - 1 for p in prompts], layers)


@torch.no_grad()
def at_positions(model, prompts: list[EntityPrompt], where: list[int], layers: tuple[int, ...]) -> dict[int, Tensor]:
    """layer → (n prompts, d_model), one position of each prompt."""
    out = {layer: torch.empty(len(prompts), model.config.hidden_size) for layer in layers}
    numbered = [(list(p.ids), i) for i, p in enumerate(prompts)]
    with reading(model, layers) as seen:
        for group in token_batches(numbered, 6000, random.Random(0), length=lambda row: len(row[0])):
            model.model(padded([ids for ids, _ in group]), use_cache=False)
            which = [i for _, i in group]
            for layer in layers:
                out[layer][which] = seen[layer][range(len(group)), [where[i] for i in which]]
    return out


@torch.no_grad()
def prompt_residuals(model, prompts: list[EntityPrompt], layer: int) -> Tensor:
    """(tokens, d_model) of whole chat prompts, without <bos>."""
    kept = []
    with reading(model, (layer,)) as seen:
        for group in token_batches([list(p.ids) for p in prompts], 6000, random.Random(0)):
            ids = padded(group)
            model.model(ids, use_cache=False)
            real = ids != PAD
            real[:, 0] = False
            kept.append(seen[layer][real])
    return torch.cat(kept)
