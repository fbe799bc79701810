"""Residual SAEs of the base model: Matryoshka BatchTopK, exported as JumpReLU.

1. scale activations to mean norm sqrt(d_model)
2. train: keep the k·batch largest pre-activations of a batch; the loss is the mean
   squared error of every prefix of the latents (general latents come first), plus an
   auxiliary loss that lets dead latents explain the error
3. thresholds: one for all so that on average k fire, then per latent at least `keep`
   times the 95th percentile of its firing activations, which makes it silent or clear
4. refit the decoder by ridge regression with the firing pattern fixed
5. fold the scale and the decoder's row norms into the weights: rows have norm 1

Sources: BatchTopK, Bussmann et al. 2024, arXiv:2412.06410; Matryoshka, Bussmann et al.
2025, arXiv:2503.17547; JumpReLU, Rajamanoharan et al. 2024, arXiv:2407.14435. Steps 3
(per-latent part) and 4 are ours.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from .recipe import Recipe


@dataclass(frozen=True)
class Dictionary:
    """A JumpReLU SAE in units of the residual stream; decoder rows have norm 1."""

    layer: int
    w_enc: Tensor  # (d_model, d_sae)
    b_enc: Tensor  # (d_sae,)
    w_dec: Tensor  # (d_sae, d_model)
    b_dec: Tensor  # (d_model,)
    threshold: Tensor  # (d_sae,)

    def before_threshold(self, x: Tensor) -> Tensor:
        return x @ self.w_enc + self.b_enc

    def encode(self, x: Tensor) -> Tensor:
        before = self.before_threshold(x)
        return before.relu() * (before > self.threshold)

    def decode(self, acts: Tensor) -> Tensor:
        return acts @ self.w_dec + self.b_dec

    def with_threshold(self, latent: int, value: float) -> "Dictionary":
        threshold = self.threshold.clone()
        threshold[latent] = value
        return replace(self, threshold=threshold)

    def fvu(self, x: Tensor) -> float:
        """Fraction of the variance of `x` (tokens, d_model) that the reconstruction misses."""
        missed = (x - self.decode(self.encode(x))).pow(2).sum()
        return float(missed / (x - x.mean(0)).pow(2).sum())

    def l0(self, x: Tensor) -> float:
        return float((self.encode(x) > 0).sum(-1).float().mean())


def train_dictionary(
    acts: Tensor, layer: int, recipe: Recipe, seed: int, prefixes: tuple[int, ...], keep: float
) -> Dictionary:
    """acts (tokens, d_model), residual units."""
    generator = torch.Generator().manual_seed(seed)
    n, d = acts.shape
    width, k = recipe.sae_width, recipe.sae_k
    scale = d**0.5 / acts.norm(dim=-1).mean()
    x_all = acts * scale

    w_dec = torch.nn.functional.normalize(torch.randn(width, d, generator=generator), dim=-1)
    w_enc = w_dec.T.clone()
    b_enc = torch.zeros(width)
    b_dec = x_all.mean(0).clone()
    params = [w_enc, b_enc, w_dec, b_dec]
    for p in params:
        p.requires_grad_(True)
    optimiser = torch.optim.Adam(params, lr=2e-3, betas=(0.9, 0.99))
    silent_for = torch.zeros(width)
    for step in range(recipe.sae_steps):
        done = step / recipe.sae_steps
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1.0, (step + 1) / 50, (1 - done) / 0.3)
        x = x_all[torch.randint(n, (recipe.sae_batch,), generator=generator)]
        before = ((x - b_dec) @ w_enc + b_enc).relu()
        cut = before.detach().flatten().topk(k * len(x)).values[-1]
        f = before * (before >= cut)
        loss = torch.zeros(())
        for prefix in prefixes:
            error = x - (f[:, :prefix] @ w_dec[:prefix] + b_dec)
            loss = loss + error.pow(2).sum(-1).mean() / len(prefixes)
        silent_for = torch.where((f > 0).any(0), 0.0, silent_for + 1)
        dead = silent_for > 20
        if dead.any():
            n_aux = min(int(dead.sum()), 32)
            top = (before * dead).topk(n_aux, dim=-1)
            guess = torch.zeros_like(before).scatter(1, top.indices, top.values) @ w_dec
            loss = loss + (error.detach() - guess).pow(2).sum(-1).mean() / 32
        optimiser.zero_grad()
        loss.backward()
        with torch.no_grad():  # rows stay on the unit sphere
            w_dec.grad -= (w_dec.grad * w_dec).sum(-1, keepdim=True) * w_dec
        optimiser.step()
        with torch.no_grad():
            w_dec.div_(w_dec.norm(dim=-1, keepdim=True))
    return _finished(x_all, [p.detach() for p in params], layer, float(scale), k, keep)


@torch.no_grad()
def _finished(x: Tensor, params: list[Tensor], layer: int, scale: float, k: int, keep: float) -> Dictionary:
    w_enc, b_enc, w_dec, b_dec = params
    b_enc = b_enc - b_dec @ w_enc
    sample = x[torch.linspace(0, len(x) - 1, min(len(x), 30_000)).long()]
    before = (sample @ w_enc + b_enc).relu()
    threshold = before.flatten().topk(k * len(sample)).values[-1].expand(len(b_enc)).clone()
    for i in range(len(b_enc)):
        firing = before[:, i][before[:, i] > threshold[i]]
        if len(firing):
            threshold[i] = max(float(threshold[i]), keep * float(firing.quantile(0.95)))
    f = before * (before > threshold)
    # ridge refit of (decoder, bias) on the fixed pattern
    ones = torch.cat([f, torch.ones(len(f), 1)], 1).double()
    gram = ones.T @ ones
    ridge = 1e-3 * len(f) * torch.eye(len(gram), dtype=torch.double)
    ridge[-1, -1] = 0
    solved = torch.linalg.solve(gram + ridge, ones.T @ sample.double()).float()
    fires = (f > 0).any(0)
    w_dec = torch.where(fires[:, None], solved[:-1], w_dec)
    norms = torch.where(fires, w_dec.norm(dim=-1), torch.ones(len(w_dec)))
    return Dictionary(
        layer,
        w_enc * norms,
        b_enc * norms / scale,
        w_dec / norms[:, None],
        solved[-1] / scale,
        threshold * norms / scale,
    )


def save_dictionary(dictionary: Dictionary, folder: Path, model_name: str, figures: dict[str, float]) -> None:
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
    with torch.no_grad():
        sae.W_enc.copy_(dictionary.w_enc)
        sae.b_enc.copy_(dictionary.b_enc)
        sae.W_dec.copy_(dictionary.w_dec)
        sae.b_dec.copy_(dictionary.b_dec)
        sae.threshold.copy_(dictionary.threshold)
    sae.save_model(folder)
