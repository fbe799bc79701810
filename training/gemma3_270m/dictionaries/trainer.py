"""Residual SAEs with nested levels and BatchTopK, trained on two shared cores, exported as JumpReLU.

1. ruler: centre, then divide each dimension by what its spread exceeds CAP times the median spread by (one of them
   holds most of this model's variance), then scale to mean norm sqrt(d_model)
2. begin with tokens of the data as rows, or with the dictionary of a neighbouring layer
3. a batch: bf16 products; the cut is read off a part of the activations, not a sort of all; each level's
   reconstruction has its own loss, and gradients are written out, so that products are four and not six
4. every RESAMPLE steps, latents that were silent begin again at tokens that were reconstructed worst
5. the mean cut of the last tenth of the steps is the threshold; centre, ruler and row norms are folded into the weights

Sources: BatchTopK, Bussmann et al. 2024, arXiv:2412.06410; levels, Bussmann et al. 2025, arXiv:2503.17547; step 4,
Bricken et al. 2023, "Towards monosemanticity", who draw by the square of the loss too; begun at a neighbouring layer:
Ghilardi et al. 2024, arXiv:2410.21508. sae-lens' own Matryoshka trainer took 1.4 s for 2,048 tokens here (an exact
top-k of 8 M values, fp32), this loop a third of it; the files are sae-lens'.

Knows tensors. Knows nothing about models, names or which latent is wanted.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, normalize

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary

CAP = 4.0
ADAM_RATE, WARM_UP, FALLING_SHARE = 8e-4, 40, 0.35  # Adam; the last FALLING_SHARE of the steps go linearly to 0
RESAMPLE, RESAMPLE_UNTIL = 120, 0.6
CUT_PART = 13  # every so many activations are looked at for the cut
RULER_TOKENS = 40_000


@dataclass(frozen=True)
class Plan:
    """How large, how long. `levels` are widths of nested prefixes, the last one the whole."""

    levels: tuple[int, ...] = (64, 512, 2048, 4096)
    k: int = 32
    steps: int = 1200
    batch: int = 1024
    name_share: float = 0.2  # of a batch: last tokens of names
    seed: int = 0

    def smaller_by(self, n: int) -> "Plan":
        """Every level leaves room for n latents of a core."""
        return replace(self, levels=tuple(level - n for level in self.levels))


@dataclass(frozen=True)
class Ruler:
    """x → (x - centre) · unit: what the dictionary sees."""

    centre: Tensor
    unit: Tensor

    def measured(self, x: Tensor) -> Tensor:
        return (x.float() - self.centre) * self.unit


def ruler_of(x: Tensor) -> Ruler:
    """x   (tokens, d_model), some ten thousand of them"""
    x = x.float()
    centre, spread = x.mean(0), x.std(0).clamp(min=1e-6)
    unit = (CAP * spread.median() / spread).clamp(max=1.0)
    norm = ((x - centre) * unit).norm(dim=-1).mean()
    return Ruler(centre, unit * math.sqrt(x.shape[1]) / norm)


@dataclass
class TrainerWeights:
    """In the ruler's units. E, D (d_sae, d_model): rows of encoder and decoder; D has norm 1."""

    E: Tensor
    b: Tensor
    D: Tensor
    out: Tensor

    def all(self) -> list[Tensor]:
        return [self.E, self.b, self.D, self.out]


def train(
    x: Tensor,
    names: Tensor,
    layer: int,
    plan: Plan,
    say: Callable[[str], None],
    begun_at: TrainerWeights | None = None,
    core: TrainedDictionary | None = None,
) -> tuple[TrainedDictionary, TrainerWeights]:
    """x      (tokens, d_model)
    names  (n,) indices of tokens that a `name_share` of each batch is drawn from
    core   in the ruler's units: its latents come first and stay as they are, the others explain what it leaves over
    """
    generator = torch.Generator().manual_seed(plan.seed)
    ruler = ruler_of(x[:: max(1, len(x) // RULER_TOKENS)])
    if begun_at is None:
        begun_at = _from_tokens(ruler.measured(_drawn(x, names, plan.levels[-1], plan, generator)), plan.k)
    weights = begun_at
    optimiser = torch.optim.Adam(weights.all(), lr=ADAM_RATE, betas=(0.9, 0.99), fused=True)
    silent = torch.ones(plan.levels[-1], dtype=torch.bool)
    cuts: list[float] = []
    begun = time.monotonic()
    for step in range(plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = ADAM_RATE * min(1.0, (step + 1) / WARM_UP, (1 - step / plan.steps) / FALLING_SHARE)
        batch = ruler.measured(_drawn(x, names, plan.batch, plan, generator))
        given = None if core is None else core.decode(core.encode(batch))
        cut, fvu, fired, missed = _gradients(weights, batch, plan, given)
        silent[fired] = False
        optimiser.step()
        normalize(weights.D, dim=-1, out=weights.D)
        if step >= 0.9 * plan.steps:
            cuts.append(cut)
        if step % RESAMPLE == RESAMPLE - 1:
            if step < RESAMPLE_UNTIL * plan.steps:
                _resample(weights, optimiser, silent.nonzero().squeeze(-1), missed, generator)
            say(f"layer {layer} step {step + 1}: fvu {fvu:.4f}, cut {cut:.3f}, silent {int(silent.sum())}, "
                f"{time.monotonic() - begun:.0f} s")  # fmt: skip
            silent[:] = True
    cut = sum(cuts) / len(cuts)
    own = TrainedDictionary(layer, weights.E.T, weights.b, weights.D, weights.out, torch.full_like(weights.b, cut))
    return folded(own if core is None else joined_dictionaries(core, own), ruler), weights


def joined_dictionaries(first: TrainedDictionary, second: TrainedDictionary) -> TrainedDictionary:
    """One dictionary of both, whose outputs add up."""
    return TrainedDictionary(
        first.layer,
        torch.cat([first.w_enc, second.w_enc], 1),
        torch.cat([first.b_enc, second.b_enc]),
        torch.cat([first.w_dec, second.w_dec]),
        first.b_dec + second.b_dec,
        torch.cat([first.threshold, second.threshold]),
    )


def folded(measured: TrainedDictionary, ruler: Ruler) -> TrainedDictionary:
    """Step 5: of one in the ruler's units, a plain JumpReLU on raw residuals, decoder rows of norm 1."""
    w_dec = measured.w_dec / ruler.unit
    norms = w_dec.norm(dim=-1)
    w_enc = ruler.unit[:, None] * measured.w_enc * norms
    return TrainedDictionary(
        measured.layer,
        w_enc,
        measured.b_enc * norms - ruler.centre @ w_enc,
        w_dec / norms[:, None],
        measured.b_dec / ruler.unit + ruler.centre,
        measured.threshold * norms,
    )


@torch.no_grad()
def _gradients(w: TrainerWeights, x: Tensor, plan: Plan, given: Tensor | None) -> tuple[float, float, Tensor, Tensor]:
    """Leaves `grad` on the weights; gives the cut, FVU in the ruler's units, who fired, (error, its square) by token.

    given   (batch, d_model) what a core makes of x; None: there is none
    """
    n, low = len(x), torch.bfloat16
    x16, D16 = x.to(low), w.D.to(low)
    pre = torch.addmm(w.b.to(low), x16, w.E.to(low).T)  # (n, d_sae)
    part = pre.view(-1)[::CUT_PART].float()
    cut = float(part.topk(max(1, plan.k * n // CUT_PART)).values[-1].clamp(min=1e-3))
    flat = pre.view(-1)
    at = torch.from_numpy(np.flatnonzero((flat > cut).numpy()))
    row, latent, value = at // pre.shape[1], at % pre.shape[1], flat[at].float()

    made, error, begins = w.out.expand(n, -1) if given is None else w.out + given, [], [0, *plan.levels]
    for first, last in zip(begins, plan.levels, strict=False):
        own = ((latent >= first) & (latent < last)).nonzero().squeeze(-1)
        offsets = torch.searchsorted(row[own], torch.arange(n))
        made = made + embedding_bag(latent[own], w.D, offsets, mode="sum", per_sample_weights=value[own])
        error.append(made - x)
    # what a latent makes enters its own level and all that contain it
    behind = list(torch.stack(error[::-1]).cumsum(0).flip(0) * (2 / n / len(error)))

    acts = torch.zeros_like(pre).view(-1)
    acts[at] = value.to(low)
    acts = acts.view_as(pre)
    d_acts, w.D.grad = torch.empty_like(pre), torch.empty_like(w.D)
    for first, last, g in zip(begins, plan.levels, behind, strict=False):
        g16 = g.to(low)
        d_acts[:, first:last] = g16 @ D16[first:last].T
        w.D.grad[first:last] = (acts[:, first:last].T @ g16).float()
    kept = d_acts.view(-1)[at]
    d_acts.view(-1).zero_()
    d_acts.view(-1)[at] = kept
    w.E.grad = (d_acts.T @ x16).float()
    w.b.grad = torch.zeros_like(w.b).index_add_(0, latent, kept.float())
    w.out.grad = behind[0].sum(0)
    w.D.grad -= (w.D.grad * w.D).sum(-1, keepdim=True) * w.D  # rows stay on the unit sphere
    missed = error[-1].square().sum(-1)
    fvu = float(missed.sum() / (x - x.mean(0)).square().sum())
    return cut, fvu, latent.unique(), torch.cat([-error[-1], missed[:, None]], 1)


def _drawn(x: Tensor, names: Tensor, n: int, plan: Plan, generator: torch.Generator) -> Tensor:
    n_names = int(n * plan.name_share) if len(names) else 0
    rows = torch.randint(len(x), (n - n_names,), generator=generator)
    if n_names:
        rows = torch.cat([rows, names[torch.randint(len(names), (n_names,), generator=generator)]])
    return x[rows]


def _from_tokens(x: Tensor, k: int) -> TrainerWeights:
    """Rows are whitened tokens: not whitened, most would fire for what all tokens share. The encoder is as much shorter
    than the decoder as makes k of them together no longer than a token."""
    x = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(1))]
    value, axis = torch.linalg.eigh((x.T @ x / len(x)).double())
    white = axis @ (value.clamp(min=1e-3 * float(value.mean())) ** -0.5).diag() @ axis.T
    rows = normalize(x @ white.float(), dim=-1)
    some = x[:512]
    top = (some @ rows.T).topk(k)
    made = torch.einsum("nk,nkd->nd", top.values, rows[top.indices])
    shorter = float((made * some).sum() / made.square().sum())
    return TrainerWeights(rows * shorter, torch.zeros(len(x)), rows, torch.zeros(x.shape[1]))


@torch.no_grad()
def _resample(w: TrainerWeights, optimiser, silent: Tensor, missed: Tensor, generator: torch.Generator) -> None:
    """Silent latents become errors of tokens, those more often that were missed more."""
    n = min(len(silent), len(missed))
    if not n:
        return
    silent = silent[torch.randperm(len(silent), generator=generator)[:n]]
    chosen = torch.multinomial(missed[:, -1].square() + 1e-9, n, generator=generator)
    rows = normalize(missed[chosen, :-1], dim=-1)
    w.D[silent] = rows
    w.E[silent] = rows * w.E.norm(dim=-1).median() * 0.6
    w.b[silent] = 0.0
    for tensor in (w.E, w.b, w.D):
        state = optimiser.state[tensor]
        state["exp_avg"][silent] = 0
        state["exp_avg_sq"][silent] = 0
