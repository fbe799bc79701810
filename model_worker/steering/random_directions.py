"""Random directions of a push's norm, which are its control.

Knows nothing about what the push is for.
"""

from dataclasses import replace

import torch
from torch import Tensor

from model_worker.steering.formula import Delta


def random_controls(delta: Delta, n: int, seed: int) -> list[Delta]:
    """The same push along n random directions of the norm that it writes with."""
    return [replace(delta, write=direction) for direction in random_directions(delta.write, n, seed)]


def random_directions(write: Tensor, n: int, seed: int) -> Tensor:
    """(n, d_model), uniform on the sphere that `write` (d_model,) is on. Drawn on the CPU, so equal on every device.
    Each is the same however many are drawn: torch draws by blocks of 16, and every Gemma's d_model is made of those."""
    drawn = torch.randn(n, write.shape[0], generator=torch.Generator().manual_seed(seed))
    return (drawn / drawn.norm(dim=-1, keepdim=True)).to(write.device) * write.norm()
