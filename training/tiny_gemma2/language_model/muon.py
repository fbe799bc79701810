"""Muon: momentum whose update is made orthogonal, for the matrices inside the layers.

1. m ← μ m + g            momentum, Nesterov: u = g + μ m
2. U ← NewtonSchulz(u)    five quintic steps push all singular values towards 1
3. W ← W(1 − lr·wd) − lr · sqrt(max(1, rows/cols)) · U

Source: Keller Jordan, https://kellerjordan.github.io/posts/muon/ . We differ in
working in fp32 on a CPU and in stacking matrices of one shape.
"""

import torch
from torch import Tensor


def orthogonal(matrices: Tensor) -> Tensor:
    """(batch, rows, cols) → about U·Vᵀ of each; source as above, coefficients included."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, params, lr: float, momentum: float = 0.95, weight_decay: float = 0.01):
        super().__init__(list(params), {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    shapes.setdefault(p.shape, []).append(p)
            for (rows, cols), params in shapes.items():
                grads = torch.stack([p.grad for p in params if p.grad is not None])
                state = self.state[params[0]]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(grads)
                momentum = state["momentum"].mul_(group["momentum"]).add_(grads)
                update = orthogonal(grads + group["momentum"] * momentum)
                rate = group["lr"] * max(1.0, rows / cols) ** 0.5
                for p, u in zip(params, update, strict=True):
                    p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(u, alpha=rate)
