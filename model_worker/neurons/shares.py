"""How much of what its MLP writes is one neuron's.

A neuron's share at a token is CETT (Gao et al. 2025, equations 1 and 2), with z the input of down_proj, w_j its rows
and h its output:

    CETT_j = |z_j| |w_j| / (|h| + EPS)

Knows nothing about who asks.
"""

import numpy as np
import torch
from torch import Tensor

from model_worker.model.gemma import Gemma, Within
from model_worker.model.loading import Loaded
from model_worker.model.walk import sight, walk

EPS = 1e-8


@torch.inference_mode()
def shares_of(z: Tensor, h: Tensor, norms: Tensor) -> Tensor:
    """(..., d_mlp) in fp32, from z (..., d_mlp), h (..., d_model) and the rows' norms (d_mlp,)."""
    return z.float().abs() * norms / (h.float().norm(dim=-1, keepdim=True) + EPS)


def row_norms(gemma: Gemma) -> tuple[Tensor, ...]:
    """By layer (d_mlp,): |w_j| in fp32."""
    return tuple(block.down.float().norm(dim=-1) for block in gemma.blocks)


@torch.inference_mode()
def usual_shares(loaded: Loaded) -> tuple[np.ndarray, ...]:
    """By layer (d_mlp,): the mean over the tokens of the card's example questions, read as one text; BOS left out."""
    gemma, norms = loaded.gemma, row_norms(loaded.gemma)
    texts = [one.prompt for group in loaded.card.examples for one in group] or [loaded.card.title, loaded.card.note]
    ids = loaded.tokenizer("\n".join(texts))["input_ids"][: loaded.card.max_prompt_tokens]
    at = torch.arange(len(ids), device=gemma.device)
    found: dict[int, Tensor] = {}

    def within(layer: int) -> Within:
        def read(z: Tensor, h: Tensor) -> None:
            found[layer] = shares_of(z[0, 1:], h[0, 1:], norms[layer]).mean(0)

        return read

    x, seen = gemma.embed(torch.tensor([ids], device=gemma.device)), sight(gemma, at.unsqueeze(0), at)
    walk(gemma.shape, gemma.blocks, x, seen, lambda _, k, v: (k, v), within=within)
    return tuple(found[layer].cpu().numpy() for layer in range(gemma.n_layers))
