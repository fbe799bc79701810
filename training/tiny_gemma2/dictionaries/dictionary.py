"""A JumpReLU dictionary that was trained, and its folder in sae-lens' format.

Knows nothing about how it was trained.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class TrainedDictionary:
    """A JumpReLU map from d_in to d_out, which are one and the same for an SAE; decoder rows have norm 1."""

    layer: int
    w_enc: Tensor  # (d_in, d_sae)
    b_enc: Tensor  # (d_sae,)
    w_dec: Tensor  # (d_sae, d_out)
    b_dec: Tensor  # (d_out,)
    threshold: Tensor  # (d_sae,)

    def before_threshold(self, x: Tensor) -> Tensor:
        return x @ self.w_enc + self.b_enc

    def encode(self, x: Tensor) -> Tensor:
        before = self.before_threshold(x)
        return before.relu() * (before > self.threshold)

    def decode(self, acts: Tensor) -> Tensor:
        return acts @ self.w_dec + self.b_dec

    def with_threshold(self, latent: int, value: float) -> "TrainedDictionary":
        threshold = self.threshold.clone()
        threshold[latent] = value
        return replace(self, threshold=threshold)

    def fvu(self, x: Tensor, y: Tensor | None = None) -> float:
        """Fraction of the variance of `y` (tokens, d_out) that the output for `x` misses; `y` is `x` for an SAE."""
        y = x if y is None else y
        missed = (y - self.decode(self.encode(x))).pow(2).sum()
        return float(missed / (y - y.mean(0)).pow(2).sum())

    def l0(self, x: Tensor) -> float:
        return float((self.encode(x) > 0).sum(-1).float().mean())

    def dead_share(self, x: Tensor) -> float:
        return float((self.encode(x) > 0).any(0).logical_not().float().mean())


def save_dictionary(dictionary: TrainedDictionary, folder: Path, model_name: str, figures: dict[str, float]) -> None:
    """A sae-lens folder: `SAE.load_from_disk(folder)` gives a JumpReLUSAE."""
    from sae_lens import JumpReLUSAE, JumpReLUSAEConfig  # 10–30 s, so not at the top
    from sae_lens.saes.sae import SAEMetadata

    d_in, d_sae = dictionary.w_enc.shape
    sae = JumpReLUSAE(
        JumpReLUSAEConfig(
            d_in=d_in,
            d_sae=d_sae,
            apply_b_dec_to_input=False,
            normalize_activations="none",
            metadata=SAEMetadata(
                model_name=model_name,
                hook_name=f"blocks.{dictionary.layer}.hook_resid_post",
                hf_hook_name=f"model.layers.{dictionary.layer}",
                prepend_bos=True,
                context_size=512,
                **figures,
            ),
        )
    )
    fill(sae, dictionary)
    sae.save_model(folder)


@torch.no_grad()
def fill(sae, dictionary: TrainedDictionary) -> None:
    """Copies the weights into a JumpReLU module of sae-lens, SAE or transcoder."""
    sae.W_enc.copy_(dictionary.w_enc)
    sae.b_enc.copy_(dictionary.b_enc)
    sae.W_dec.copy_(dictionary.w_dec)
    sae.b_dec.copy_(dictionary.b_dec)
    sae.threshold.copy_(dictionary.threshold)
