"""What tuning added to a model: for some of its matrices W two thin ones, W + scale · B A, in a file beside the card.

The file holds `<name of W without .weight>.lora_A` (r, in) and `.lora_B` (out, r); its metadata say `scale`. The model
with it and the model without share every other tensor. Knows nothing about cards, or how it was trained.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from model_worker.model.checkpoint import Checkpoint


class LowRankDelta:
    """Read from `file`. Raises ValueError where it isn't what it should be, and what the file system raises."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with safe_open(file, "pt") as opened:
            metadata = opened.metadata() or {}
            if "scale" not in metadata:
                raise ValueError(f"{file.name} does not say its scale")
            self._scale = float(metadata["scale"])
            tensors: dict[str, Tensor] = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        self._pairs: dict[str, tuple[Tensor, Tensor]] = {}
        for name in {name.removesuffix(".lora_A").removesuffix(".lora_B") for name in tensors}:
            a, b = tensors.get(f"{name}.lora_A"), tensors.get(f"{name}.lora_B")
            if a is None or b is None or a.shape[0] != b.shape[1]:
                raise ValueError(f"{file.name}: {name} has no lora_A and lora_B of one rank")
            self._pairs[f"{name}.weight"] = a, b

    def added_to(self, base: Checkpoint) -> Checkpoint:
        """Another one; `base` stays as it is. Sums in fp32, then in the base's dtype."""
        tensors = dict(base.tensors)
        for name, (a, b) in self._pairs.items():
            if name not in tensors or tensors[name].shape != (b.shape[0], a.shape[1]):
                raise ValueError(f"{self._file.name}: the model has no {name} of {(b.shape[0], a.shape[1])}")
            own = tensors[name]
            tensors[name] = (own.float() + self._scale * (b.float() @ a.float()).to(own.device)).to(own.dtype)
        return replace(base, tensors=tensors)

    def sha256_with(self, base_sha256: str) -> str:
        """Of the model that it makes of weights with that hash."""
        own = hashlib.sha256(self._file.read_bytes()).hexdigest()
        return hashlib.sha256(f"{base_sha256} {own}".encode()).hexdigest()
