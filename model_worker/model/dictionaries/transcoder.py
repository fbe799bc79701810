"""A transcoder: a dictionary from what an MLP reads to what it adds, in its place in a graph and never in the model.

    u = h / rms(h), with the gain of the norm before the MLP where it was trained behind it
    y^ = a W_dec + b_dec + W_skip u,      a = pre where pre > threshold, else 0,      pre = u W_enc + b_enc

h is the residual stream between attention and MLP, y what the MLP adds to it, behind the norm that Gemma has there: so
a decoder row is what a latent adds to the residual stream, and nothing is to be scaled. Gemma Scope's read u without
the gain, Gemma Scope 2's with it. JumpReLU, or ReLU (threshold 0); W_skip where there is one. Dunefsky et al. 2024;
Paulo et al. 2025 for W_skip. Knows nothing about models.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from model_worker.model.dictionaries.config import reads_behind_gain, require_transcoder_as_carded
from model_worker.model.gemma import Norm
from model_worker.model.sae import Dictionary, checked_weights, read_weights
from protocol.worker.models import DictionaryCard


@dataclass(frozen=True)
class Transcoder(Dictionary):
    """behind_gain: it reads u with the norm's gain. W_skip (d_model, d_model): (out, in)."""

    behind_gain: bool = False
    W_skip: Tensor | None = None

    def norm(self, before_mlp: Norm) -> Norm:
        """That it reads through, of the norm before the MLP."""
        gain = (
            before_mlp.scaled if self.behind_gain else torch.full_like(before_mlp.scaled, len(before_mlp.scaled) ** 0.5)
        )
        return replace(before_mlp, scaled=gain, dtype=torch.float32)


def load_transcoder(card: DictionaryCard, folder: Path, d_model: int, device: str) -> Transcoder:
    """As load_dictionary. Raises Refused (422), ValueError, and whatever sae-lens, the hub or the file system raise."""
    read = read_weights(card, folder, device, lambda config: require_transcoder_as_carded(config, card, d_model))
    tensors = {"threshold": torch.zeros(card.d_sae, device=device)} | read.tensors
    skip = tensors.pop("W_skip", None)
    if skip is not None and tuple(skip.shape) != (d_model, d_model):
        raise ValueError(f"W_skip is {tuple(skip.shape)}, not {(d_model, d_model)}")
    weights = checked_weights(tensors, card, d_model)
    return Transcoder(**weights, sha256=read.sha256, behind_gain=reads_behind_gain(read.config), W_skip=skip)


def no_transcoder(d_model: int, device: torch.device) -> Transcoder:
    """Of a layer that has none: one latent that never fires, so all that its MLP adds is error."""
    wide = torch.zeros(d_model, device=device)
    never = torch.full((1,), torch.inf, device=device)
    return Transcoder(wide.view(-1, 1), torch.zeros_like(never), wide.view(1, -1), wide, never, "")
