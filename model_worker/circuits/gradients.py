"""Gradients of m, all layers at once: one pass forward and one back.

Knows nothing about what they are multiplied with.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.inquiry import PromptSide
from model_worker.circuits.rule import Rule
from model_worker.circuits.sequence_pass import Tap, Taps
from model_worker.circuits.target import Aimed


@dataclass(frozen=True)
class Gradients:
    """∂m by layer at resid_post (pos, d_model), at neurons (pos, d_mlp), at heads' z (pos, n_heads, head_dim); at the
    embedding (pos, d_model). Layers behind the target's are left out."""

    embedding: Tensor
    residuals: tuple[Tensor, ...]
    neurons: tuple[Tensor, ...]
    heads: tuple[Tensor, ...]
    m: float


def gradients(side: PromptSide, target: Aimed, rule: Rule) -> Gradients:
    leaves: dict[str, list[Tensor]] = {"resid": [], "neurons": [], "heads": []}

    def leaf(name: str) -> Tap:
        def tap(_layer: int, x: Tensor) -> Tensor:
            zero = torch.zeros_like(x).requires_grad_()
            leaves[name].append(zero)
            return x + zero

        return tap

    with torch.enable_grad():
        x0 = side.embedding.clone().requires_grad_()
        taps = Taps(resid=leaf("resid"), neurons=leaf("neurons"), heads=leaf("heads"))
        m = target(side.run(x0, end=target.depth, rule=rule, taps=taps), rule).sum()
        wanted = [x0, *leaves["resid"], *leaves["neurons"], *leaves["heads"]]
        found = torch.autograd.grad(m, wanted)
    n = target.depth
    parts = [tuple(one[0] for one in found[1 + k * n : 1 + (k + 1) * n]) for k in range(3)]
    return Gradients(found[0][0], parts[0], parts[1], parts[2], m.item())
