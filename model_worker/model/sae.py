"""A JumpReLU SAE, read from sae-lens' folder format or from a published release.

    pre = x W_enc + b_enc,   a = pre where pre > threshold, else 0,   x^ = a W_dec + b_dec

(Rajamanoharan et al. 2024; Gemma Scope.) Everything is fp32, whatever the model's dtype:
thresholds round in bf16. Decoder rows keep the norm they came with. Knows nothing about models.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import embedding_bag

from model_worker.model.dictionaries.config import require_as_carded, told_by
from protocol.worker.models import DictionaryCard

PUBLISHED = "sae-lens:"
_NAMES = ("W_enc", "b_enc", "W_dec", "b_dec", "threshold")


@dataclass(frozen=True)
class Dictionary:
    """W_enc (d_model, d_sae) · b_enc, threshold (d_sae,) · W_dec (d_sae, d_model) · b_dec (d_model,). No threshold is
    negative."""

    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor
    threshold: Tensor
    sha256: str

    @property
    def d_sae(self) -> int:
        return self.W_dec.shape[0]

    def encode(self, x: Tensor) -> Tensor:
        """(..., d_model) to activations (..., d_sae), fp32."""
        pre = x.float() @ self.W_enc + self.b_enc
        return torch.where(pre > self.threshold, pre, 0.0)

    def active(self, x: Tensor) -> "Active":
        """Of x (n, d_model): what `encode` gives, without its zeros."""
        pre = torch.addmm(self.b_enc, x.float(), self.W_enc)
        fires = (pre > self.threshold).view(-1)
        # numpy finds them five times as fast as torch does on a CPU
        at = torch.from_numpy(np.flatnonzero(fires.numpy())) if fires.is_cpu else fires.nonzero().squeeze(-1)
        return Active(at // self.d_sae, at % self.d_sae, pre.view(-1)[at])

    def only(self, latents: Tensor) -> "Dictionary":
        """With these latents (n,) alone, in this order."""
        return Dictionary(
            W_enc=self.W_enc[:, latents].contiguous(),
            b_enc=self.b_enc[latents],
            W_dec=self.W_dec[latents],
            b_dec=self.b_dec,
            threshold=self.threshold[latents],
            sha256=self.sha256,
        )

    def fvu(self, x: Tensor) -> float | None:
        """Fraction of the variance of x (n, d_model) about its mean that the reconstruction misses.
        None for a single position, which has no variance."""
        x, active = x.float(), self.active(x)
        begins = torch.searchsorted(active.row, torch.arange(len(x), device=x.device))
        decoded = embedding_bag(active.latent, self.W_dec, begins, mode="sum", per_sample_weights=active.value)
        missed = (x - decoded - self.b_dec).square().sum()
        variance = (x - x.mean(0)).square().sum()
        return (missed / variance).item() if len(x) > 1 and variance > 0 else None


class Active(NamedTuple):
    """Active latents, by row and then by latent: three tensors of one length."""

    row: Tensor
    latent: Tensor
    value: Tensor


def load_dictionary(card: DictionaryCard, folder: Path, d_model: int, device: str) -> Dictionary:
    """folder: the card's. Raises Refused (422) for one that isn't what its card says, and whatever sae-lens, the hub or
    the file system raise."""
    read = read_weights(card, folder, device, lambda config: require_as_carded(config, card, d_model))
    weights = {name: read.tensors[name] for name in _NAMES if name in read.tensors}
    return Dictionary(**checked_weights(weights, card, d_model), sha256=read.sha256)


class ReadWeights(NamedTuple):
    """config: its own, told flat. tensors: fp32, as sae-lens names them."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    sha256: str


def read_weights(
    card: DictionaryCard, folder: Path, device: str, require: Callable[[dict[str, Any]], None]
) -> ReadWeights:
    """require: raises for a config that isn't what the card says, before weights are read. Raises what it raises, and
    whatever sae-lens, the hub or the file system raise."""
    if card.source.startswith(PUBLISHED):
        return _read_published(card, device, require)
    at = folder / card.source
    config = json.loads((at / "cfg.json").read_text())
    require(config)
    file = at / "sae_weights.safetensors"
    tensors = {name: tensor.float().to(device) for name, tensor in load_file(file).items()}
    return ReadWeights(told_by(config), tensors, hashlib.sha256(file.read_bytes()).hexdigest())


def _read_published(card: DictionaryCard, device: str, require: Callable[[dict[str, Any]], None]) -> ReadWeights:
    # takes 10-30 s: only where a published SAE is really loaded
    from sae_lens import SAE
    from sae_lens.loading.pretrained_sae_loaders import load_sae_config_from_huggingface

    release, sae_id = card.source.removeprefix(PUBLISHED).split("/", 1)
    config = load_sae_config_from_huggingface(release, sae_id, device=device)
    require(config)  # before some hundred megabytes are fetched for nothing
    sae = SAE.from_pretrained(release, sae_id, device=device, dtype="float32")
    tensors = {name: one.detach() for name, one in sae.named_parameters()}
    digest = hashlib.sha256()
    for key in (*_NAMES, *sorted(tensors.keys() - set(_NAMES))):
        if key in tensors:
            digest.update(tensors[key].cpu().numpy().tobytes())
    return ReadWeights(told_by(config), tensors, digest.hexdigest())


def checked_weights(weights: dict[str, Tensor], card: DictionaryCard, d_model: int) -> dict[str, Tensor]:
    """Raises ValueError where a matrix has another shape than the config said."""
    wide = {"W_enc": (d_model, card.d_sae), "W_dec": (card.d_sae, d_model), "b_dec": (d_model,)}
    for name in _NAMES:
        shape = tuple(weights[name].shape) if name in weights else "missing"
        if shape != wide.get(name, (card.d_sae,)):
            raise ValueError(f"{name} is {shape}, not {wide.get(name, (card.d_sae,))}")
    return weights | {"threshold": weights["threshold"].clamp(min=0)}  # a latent is never negative
