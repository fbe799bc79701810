"""Pushes on the names while tuning, so that an answer doesn't hang on a name's residuals being exactly what they were.

In the prototype any push of an eighth of r̄ on a known name restored the refusal. Here half of the turns are pushed, by
one of two kinds, at a layer drawn for the step, and their answers stay what they are:
isotropic    a random direction
data         the difference of two other names' residuals there, both known or both invented: on the data's scale,
             and with nothing in it of what tells known from invented

Knows nothing about what is trained.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from training.gemma3_270m.recipe import GemmaRecipe
from training.gemma3_270m.tuning.turns import Turn


def push_vectors(x: Tensor, turns: Sequence[Turn], recipe: GemmaRecipe, rng: random.Random) -> Tensor:
    """What is added to the residuals x (batch, pos, d_model): fp32, 0 but on the pushed names' tokens."""
    generator = torch.Generator().manual_seed(rng.getrandbits(40))
    out = torch.zeros(x.shape, dtype=torch.float32)
    named = [i for i, turn in enumerate(turns) if turn.span[1]]
    last = {i: x[i, turns[i].span[1] - 1].detach().float() for i in named}
    if not last:
        return out
    norm = torch.stack(list(last.values())).norm(dim=-1).mean()
    for i in named:
        if rng.random() >= recipe.pushed_share:
            continue
        direction = torch.randn(x.shape[-1], generator=generator)
        kind = turns[rng.choice(named)].kind
        alike = [j for j in named if j != i and turns[j].kind == kind]
        if rng.random() < 0.5 and len(alike) > 1:
            a, b = rng.sample(alike, 2)
            direction = last[a] - last[b]
        start, end = turns[i].span
        strength = rng.uniform(*recipe.push_strengths)
        out[i, start:end] = strength * norm * direction / direction.norm().clamp_min(1e-6)
    return out


@contextmanager
def pushed(layers: nn.ModuleList, turns: Sequence[Turn], recipe: GemmaRecipe, rng: random.Random) -> Iterator[None]:
    """While open, one layer's output is pushed."""
    layer = rng.randint(*recipe.push_layers)

    def push(_module: nn.Module, _inputs: tuple, output: Tensor | tuple) -> Tensor | tuple:
        x = output[0] if isinstance(output, tuple) else output
        moved = x + push_vectors(x, turns, recipe, rng).to(x.dtype)
        return (moved, *output[1:]) if isinstance(output, tuple) else moved

    handle = layers[layer].register_forward_hook(push)
    try:
        yield
    finally:
        handle.remove()
