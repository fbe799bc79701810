"""A low-rank delta beside frozen matrices: put on, taken off, merged, and as the file that is shipped.

Of each tuned matrix W the model computes W x + scale · B (A x). The file holds, in bf16, `NAME.lora_A` (rank, in) and
`NAME.lora_B` (out, rank) for each NAME.weight, and scale, rank and the base's hash as its metadata.
Knows nothing about data.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

TUNED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


class LowRank(nn.Module):
    """`frozen` with a delta beside it. The delta's parameters are fp32 and computed in the input's type."""

    def __init__(self, frozen: nn.Linear, rank: int, scale: float, generator: torch.Generator) -> None:
        super().__init__()
        self.frozen, self.scale = frozen, scale
        bound = 1 / math.sqrt(frozen.in_features)
        start = torch.rand(rank, frozen.in_features, generator=generator) * 2 * bound - bound
        self.lora_A = nn.Parameter(start)
        self.lora_B = nn.Parameter(torch.zeros(frozen.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        small = nn.functional.linear(x, self.lora_A.to(x.dtype))
        return self.frozen(x) + self.scale * nn.functional.linear(small, self.lora_B.to(x.dtype))


def put_on(model: nn.Module, rank: int, scale: float, seed: int) -> list[nn.Parameter]:
    """All else is frozen; returns what is trained."""
    generator = torch.Generator().manual_seed(seed)
    model.requires_grad_(False)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if name in TUNED and isinstance(child, nn.Linear):
                setattr(module, name, LowRank(child, rank, scale, generator))
    return [p for p in model.parameters() if p.requires_grad]


def deltas(model: nn.Module) -> Iterator[tuple[str, LowRank]]:
    for name, module in model.named_modules():
        if isinstance(module, LowRank):
            yield name, module


def save_delta(model: nn.Module, file: Path, base_sha256: str) -> None:
    """Written beside and renamed."""
    tensors, scale, rank = {}, 0.0, 0
    for name, module in deltas(model):
        tensors[f"{name}.lora_A"] = module.lora_A.detach().to(torch.bfloat16).contiguous()
        tensors[f"{name}.lora_B"] = module.lora_B.detach().to(torch.bfloat16).contiguous()
        scale, rank = module.scale, module.lora_A.shape[0]
    beside = file.with_suffix(".unfinished")
    save_file(tensors, beside, {"scale": repr(scale), "rank": str(rank), "base_sha256": base_sha256})
    beside.rename(file)


def merge(model: nn.Module, file: Path) -> None:
    """Adds the delta of a file to the weights of a plain model, in place, computed in fp32."""
    weights = dict(model.named_parameters())
    with safe_open(file, "pt") as delta, torch.no_grad():
        scale = float(delta.metadata()["scale"])
        keys = list(delta.keys())
        for name in {key.rpartition(".")[0] for key in keys}:
            product = delta.get_tensor(f"{name}.lora_B").float() @ delta.get_tensor(f"{name}.lora_A").float()
            weight = weights[f"{name}.weight"]
            weight.copy_((weight.float() + scale * product).to(weight.dtype))


def load_delta(model: nn.Module, file: Path) -> None:
    """Into a model on which deltas were put."""
    with safe_open(file, "pt") as delta, torch.no_grad():
        for name, module in deltas(model):
            module.lora_A.copy_(delta.get_tensor(f"{name}.lora_A").float())
            module.lora_B.copy_(delta.get_tensor(f"{name}.lora_B").float())
