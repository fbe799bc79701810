"""Directions that a push is held against, three kinds of them, all brought to the push's own length.

isotropic   uniform on the sphere: far off the data where a few dimensions hold most of the variance
latents     decoder rows of other latents that fire on names about as often
data        differences of the residuals of two random names at that place: as wide in every dimension as names are

Two rulers: r, the mean norm at names' last tokens, and r without massive dimensions. Of two pushes of one length, the
one with less of it in massive dimensions is the larger by the second ruler: `without` says how much.
"""

import random

import torch
from torch import Tensor
from torch.nn.functional import normalize

from training.gemma3_270m.directions.recognition import TwoSides
from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary

PUSH_CONTROLS = ("isotropic", "latents", "data")


def isotropic(n: int, d_model: int, seed: int) -> Tensor:
    """(n, d_model) of norm 1, as all below."""
    return normalize(torch.randn(n, d_model, generator=torch.Generator().manual_seed(seed)), dim=-1)


def other_latents(dictionary: TrainedDictionary, x: Tensor, but: set[int], rate: float, n: int, seed: int) -> Tensor:
    """Of the latents that fire on a share of x (names, d_model) nearest to `rate`, n drawn from the nearest 2 n."""
    share = (dictionary.encode(x) > 0).float().mean(0)
    share[list(but)] = -9.0
    nearest = (share - rate).abs().argsort()[: 2 * n].tolist()
    chosen = random.Random(seed).sample(nearest, min(n, len(nearest)))
    return normalize(dictionary.w_dec[chosen], dim=-1)


def on_the_data(x: Tensor, n: int, seed: int) -> Tensor:
    """x   (names, d_model)"""
    generator = torch.Generator().manual_seed(seed)
    a, b = (torch.randint(len(x), (2 * n,), generator=generator) for _ in range(2))
    apart = (a != b).nonzero().squeeze(-1)[:n]
    return normalize(x[a[apart]] - x[b[apart]], dim=-1)


def without(units: Tensor, massive: list[int]) -> Tensor:
    """Their length outside the massive dimensions, (n,)."""
    others = units.clone()
    others[:, massive] = 0
    return others.norm(dim=-1)


def all_names(*sides: TwoSides) -> Tensor:
    return torch.cat([x for s in sides for x in (s.known.x, s.unknown.x)])
