"""What a dictionary explains and costs: FVU with and without massive dimensions, L0, silent share, loss when spliced.

A dimension is massive where its spread is MASSIVE times the median dimension's: one of them holds more than half of
this model's variance, so FVU over all says little else than how well that one is met. Knows nothing about names.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.gemma3_270m.dictionaries.activations import TokenRow, batches, padded_rows
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary
from training.tiny_gemma2.language_model.base import PAD

MASSIVE = 10.0
Change = Callable[[Tensor], Tensor]  # residuals (batch, pos, d_model) → what shall stand there


def massive_dimensions(x: Tensor) -> list[int]:
    """Of x (tokens, d_model), widest first."""
    spread = x.float().std(0)
    wide = (spread > MASSIVE * spread.median()).nonzero().squeeze(-1)
    return wide[spread[wide].argsort(descending=True)].tolist()


def explained(dictionary: TrainedDictionary, x: Tensor, massive: Sequence[int]) -> dict[str, float]:
    """On x (tokens, d_model)."""
    x = x.float()
    acts = dictionary.encode(x)
    missed = (x - dictionary.decode(acts)).square().sum(0)
    variance = (x - x.mean(0)).square().sum(0)
    others = torch.ones(x.shape[1], dtype=torch.bool)
    others[list(massive)] = False
    return {
        "tokens": len(x),
        "fvu": round(float(missed.sum() / variance.sum()), 4),
        "fvu_without_massive": round(float(missed[others].sum() / variance[others].sum()), 4),
        "variance_of_massive": round(float(variance[~others].sum() / variance.sum()), 4),
        "l0": round(float((acts > 0).sum(-1).float().mean()), 1),
        "silent_share": round(float((acts > 0).any(0).logical_not().float().mean()), 4),
    }


@contextmanager
def changed(model, layer: int, change: Change) -> Iterator[None]:
    """While open, `change` decides what block `layer` puts out at every position but <bos>."""

    def leave(_module, _inputs, out):
        x = out[0] if isinstance(out, tuple) else out
        new = torch.cat([x[:, :1], change(x[:, 1:].float()).to(x.dtype)], 1)
        return (new, *out[1:]) if isinstance(out, tuple) else new

    handle = model.model.layers[layer].register_forward_hook(leave)
    try:
        yield
    finally:
        handle.remove()


@torch.no_grad()
def mean_loss_nats(model, rows: Sequence[TokenRow]) -> float:
    """Mean next-token loss over all tokens behind the first that follows <bos>."""
    total = n = 0.0
    for group in batches(rows, 1024):
        ids = padded_rows([rows[i] for i in group])
        logits = model(ids, use_cache=False).logits[:, 1:-1].float()
        wanted = ids[:, 2:]
        real = wanted != PAD
        total += float(cross_entropy(logits[real], wanted[real], reduction="sum"))
        n += int(real.sum())
    return total / n


def spliced_figures(model, rows: Sequence[TokenRow], dictionary: TrainedDictionary, clean: float, mean: Tensor) -> dict:
    """What the model loses when the dictionary's reconstruction takes the residual's place, beside the mean's."""
    layer = dictionary.layer
    with changed(model, layer, lambda x: dictionary.decode(dictionary.encode(x))):
        spliced = mean_loss_nats(model, rows)
    with changed(model, layer, lambda x: mean.expand_as(x)):
        ablated = mean_loss_nats(model, rows)
    return {
        "loss_nats": round(clean, 4),
        "delta_loss_nats": round(spliced - clean, 4),
        "delta_loss_mean_nats": round(ablated - clean, 4),
        "loss_recovered": round((ablated - spliced) / (ablated - clean), 4),
    }
