"""What is held at its value while a gradient goes back through a Gemma, and what shares a product's gradient.

    norms      x · detach(1/rms) · gain at every norm; else the division has its gradient too
    patterns   where heads look is detached
    gates      gelu(g) → g · detach(gelu(g)/g), a half where |g| is tiny; gate × up → ½ (u·detach v + detach u·v)
    cap        the final soft cap y → y · detach(cap(y)/y)

All held: RelP, whose contributions add up exactly (layer-wise relevance propagation as a rule of gradients; Jafari et
al. 2025). None: the plain gradient. Values are the same under every rule; what differs is what goes back. Written anew
for Gemma's norms after attention and MLP. Knows nothing about blocks.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import gelu

from model_worker.model.gemma import Norm

_NEAR_ZERO = 1e-6


@dataclass(frozen=True)
class Rule:
    norms: bool = False
    patterns: bool = False
    gates: bool = False
    cap: bool = False

    def norm(self, norm: Norm, x: Tensor) -> Tensor:
        """RMSNorm of x (..., n), as `Norm` gives it."""
        size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        size = torch.hypot(size, norm.floor)
        return x / (size.detach() if self.norms else size) * norm.scaled

    def gated(self, gate: Tensor, up: Tensor) -> Tensor:
        """gelu(gate) · up."""
        opened = gelu(gate, approximate="tanh")
        if not self.gates:
            return opened * up
        near = gate.abs() < _NEAR_ZERO
        slope = torch.where(near, 0.5, opened / torch.where(near, 1.0, gate)).detach()
        linear = gate * slope
        return 0.5 * (linear * up.detach() + linear.detach() * up)

    def pattern(self, pattern: Tensor) -> Tensor:
        return pattern.detach() if self.patterns else pattern

    def capped(self, logits: Tensor, cap: float | None) -> Tensor:
        if cap is None:
            return logits
        shown = cap * torch.tanh(logits / cap)
        if not self.cap:
            return shown
        near = logits.abs() < _NEAR_ZERO
        return logits * torch.where(near, 1.0, shown / torch.where(near, 1.0, logits)).detach()

    def cap_slopes(self, shown: Tensor, cap: float | None) -> Tensor:
        """Of capped logits by the logits that were capped: what `capped` lets go back, from its values."""
        if cap is None:
            return torch.ones_like(shown)
        part = shown / cap
        if not self.cap:
            return 1.0 - part.square()
        near = part.abs() < _NEAR_ZERO
        return torch.where(near, 1.0, part / torch.where(near, 1.0, part).atanh())


PLAIN = Rule()
PLAIN_PATTERNS_HELD = Rule(patterns=True)
RELP = Rule(norms=True, patterns=True, gates=True, cap=True)
RELP_LOOKING = Rule(norms=True, patterns=False, gates=True, cap=True)
"""With the gradient through where heads look: what predicts a group."""
