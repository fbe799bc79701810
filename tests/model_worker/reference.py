"""The same experiment in plain transformers, written without our modules: what ours must equal.

One whole pass over prompt and answer, no cache, a hook on every block; the modes as DESIGN section 3 writes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Intervention:
    """mode at `layer`, on a latent (encoder e, b, theta; decoder row d) or a vector (theta None: a = (x - mu) . d^,
    b = -mu . d^). `at`: positions of the whole text. d_to: swap only. along: written in place of what d says to
    write, whose size stays."""

    layer: int
    mode: str
    strength: float
    d: Tensor
    e: Tensor
    b: float
    theta: float | None
    at: Sequence[int]
    d_to: Tensor | None = None
    along: Tensor | None = None

    def a(self, x: Tensor) -> Tensor:
        """(pos, d_model) to (pos,)"""
        pre = x @ self.e + self.b
        return pre if self.theta is None else torch.where(pre > self.theta, pre.relu(), torch.zeros_like(pre))

    def delta(self, x: Tensor) -> Tensor:
        d = self.d if self.theta is not None or self.mode == "add" else self.d / self.d.norm()
        a, hat = self.a(x).unsqueeze(-1), self.d / self.d.norm()
        d, written = (d, hat) if self.along is None else (self.along, self.along)
        return {
            "add": lambda: (self.strength * d).expand_as(x),
            "clamp": lambda: (self.strength - a) * d,
            "scale": lambda: (self.strength - 1) * a * d,
            "ablate": lambda: -self.strength * a * d,
            "project_out": lambda: -self.strength * (x @ hat).unsqueeze(-1) * written,
            "swap": lambda: self.strength * (-a * d + a * self.d_to),
        }[self.mode]()

    def measured(self, x: Tensor) -> Tensor:
        """What our frames report: `a`, but the projection where that is what is read."""
        return x @ (self.d / self.d.norm()) if self.mode == "project_out" else self.a(x)


@dataclass(frozen=True)
class Seen:
    """logits (pos, vocab) · residuals (n_layers, pos, d_model) after steering · by intervention before and after."""

    logits: Tensor
    residuals: Tensor
    before: list[Tensor]
    after: list[Tensor]


def blocks(model: nn.Module) -> nn.ModuleList:
    inner = model.get_submodule("model")
    return getattr(inner, "language_model", inner).layers


def teacher_forced(model: nn.Module, ids: Sequence[int], interventions: Sequence[Intervention] = ()) -> Seen:
    residuals: dict[int, Tensor] = {}
    before: dict[int, Tensor] = {}
    after: dict[int, Tensor] = {}

    def hook_of(layer: int) -> Callable:
        def hook(_module, _inputs, out):
            x = out[0].float()
            changed = x.clone()
            for place, one in enumerate(interventions):
                if one.layer == layer:
                    at = list(one.at)
                    before[place] = one.measured(x[at])
                    changed[at] += one.delta(x[at])
            for place, one in enumerate(interventions):
                if one.layer == layer:
                    after[place] = one.measured(changed[list(one.at)])
            residuals[layer] = changed
            return changed.unsqueeze(0).to(out.dtype)

        return hook

    handles = [block.register_forward_hook(hook_of(layer)) for layer, block in enumerate(blocks(model))]
    try:
        with torch.no_grad():
            logits = model(torch.tensor([ids]), use_cache=False).logits[0].float()
    finally:
        for handle in handles:
            handle.remove()
    n = range(len(interventions))
    return Seen(
        logits,
        torch.stack([residuals[i] for i in range(len(residuals))]),
        [before[i] for i in n],
        [after[i] for i in n],
    )


def generated(
    model: nn.Module, prompt: Sequence[int], one: Intervention | None, n_new: int, stop: set[int]
) -> list[int]:
    """Greedy tokens of transformers' own `generate`, one intervention on the prompt pass only."""

    def hook(_module, _inputs, out):
        if one is None or out.shape[1] != len(prompt):
            return None
        x, at = out[0].clone(), list(one.at)
        x[at] += one.delta(out[0][at])
        return x.unsqueeze(0)

    handle = blocks(model)[one.layer if one else 0].register_forward_hook(hook)
    try:
        out = model.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=n_new,
            do_sample=False,
            eos_token_id=sorted(stop),
            pad_token_id=0,
            use_cache=True,
        )
    finally:
        handle.remove()
    return out[0, len(prompt) :].tolist()
