"""Residual SAEs: a small core for what names have in common, the rest for everything else, exported as JumpReLU.

1. scale to mean norm sqrt(d_model)
2. core: a few latents, nearly all of their loss on last tokens of names. With more latents than
   types, but fewer than types × {known, unknown}, "known" or "unknown" is best said by one latent
   for all types. It trains in a second or two, so many seeds can be tried and one be chosen
3. rest: BatchTopK in levels, trained on what the core leaves over. The core's latents fire as before,
   so a core that was chosen stays what it was
4. thresholds: one for each level so that on average its k fire, then per latent at least `keep`
   times the 95th percentile of its firing activations, which makes it silent or clear
5. refit the decoder by ridge regression with the firing pattern fixed
6. fold the scale and the decoder's row norms into the weights: rows have norm 1

Sources: BatchTopK, Bussmann et al. 2024, arXiv:2412.06410; nested levels, Matryoshka, Bussmann
et al. 2025, arXiv:2503.17547, where gradients of all levels meet and one k is for all; JumpReLU,
Rajamanoharan et al. 2024, arXiv:2407.14435. Steps 2, 3 (the separate training), 4 (per-latent
part) and 5 are ours. What makes the core pay is that its seeds are cheap; stopping the gradient
alone was not shown to help. The loop is ours because step 3 and transcoders need a target that is
not the input, which sae-lens' training classes do not take; its own Matryoshka SAE was as fast
and explained as much (one run). The files are sae-lens'.

Knows tensors. Knows nothing about models, names or which latent is wanted.
"""

from dataclasses import replace

import torch
from torch import Tensor

from training.tiny_gemma2.dictionaries.dictionary import TrainedDictionary

Levels = tuple[tuple[int, float], ...]  # (latents, how many of them fire on average) of each level
RATE, SAE_WARM_UP_STEPS, DECAY = 2e-3, 50, 0.3  # Adam; the last DECAY of the steps go linearly to 0
SILENT_STEPS, N_AUX, AUX_WEIGHT = 20, 32, 1 / 32  # dead after so many steps; so many explain the error
REFIT_ROWS = 30_000
RIDGE = 1e-3  # times the number of rows


def train_core(
    documents: Tensor,
    names: Tensor,
    layer: int,
    seed: int,
    n_latents: int = 6,
    k: float = 2,
    steps: int = 300,
    batch: int = 1024,
    keep: float = 0.35,
    document_weight: float = 0.1,
) -> TrainedDictionary:
    """`n_latents` latents for last tokens of names; documents only keep them from firing everywhere.

    documents, names   (tokens, d_model), residual units; half of each batch is names
    document_weight    of a document token in the loss, a name's token has 1
    """
    weights = torch.cat([torch.ones(batch // 2), torch.full((batch - batch // 2,), document_weight)])
    return trained(
        (documents, documents), (names, names), layer, seed, ((n_latents, k),), steps, batch, keep, 0.5, weights
    )


def train_dictionary(
    documents: Tensor,
    names: Tensor,
    layer: int,
    seed: int,
    core: TrainedDictionary | None,
    levels: Levels = ((58, 4), (128, 6), (320, 11)),
    steps: int = 300,
    batch: int = 1024,
    keep: float = 0.2,
    name_share: float = 0.15,
) -> TrainedDictionary:
    """The core's latents first, under their own numbers and firing exactly as before, then those of `levels`.

    documents, names   (tokens, d_model), residual units
    name_share         of names in a batch and in the refit
    """
    if core is None:
        return trained((documents, documents), (names, names), layer, seed, levels, steps, batch, keep, name_share)
    left = [(x, x - core.decode(core.encode(x))) for x in (documents, names)]
    rest = trained(left[0], left[1], layer, seed, levels, steps, batch, keep, name_share)
    whole = TrainedDictionary(
        layer,
        torch.cat([core.w_enc, rest.w_enc], 1),
        torch.cat([core.b_enc, rest.b_enc]),
        torch.cat([core.w_dec, rest.w_dec]),
        core.b_dec + rest.b_dec,
        torch.cat([core.threshold, rest.threshold]),
    )
    x = _mixed(documents, names, name_share, seed)
    return refitted(whole, x, x)


def trained(
    pairs: tuple[Tensor, Tensor],
    names: tuple[Tensor, Tensor] | None,
    layer: int,
    seed: int,
    levels: Levels,
    steps: int,
    batch: int,
    keep: float,
    name_share: float = 0.0,
    weights: Tensor | None = None,
) -> TrainedDictionary:
    """Steps 1, 3, 4, 5, 6 for any input and target.

    pairs, names   (input (tokens, d_in), target (tokens, d_out)); `name_share` of a batch is from `names`
    weights        (batch,) of each row in the loss, names first; None: all the same
    """
    generator = torch.Generator().manual_seed(seed)
    x_scale = pairs[0].shape[1] ** 0.5 / pairs[0].norm(dim=-1).mean()
    y_scale = pairs[1].shape[1] ** 0.5 / pairs[1].norm(dim=-1).mean()
    n_names = int(batch * name_share) if names is not None else 0
    weights = torch.ones(batch) if weights is None else weights
    weights = weights / weights.mean()
    centre = pairs[0].mean(0)  # of the input: the encoder sees deviations from it
    width = sum(n for n, _ in levels)

    w_enc = torch.nn.functional.normalize(torch.randn(width, pairs[0].shape[1], generator=generator), dim=-1).T
    # decoder rows begin as what the best linear map makes of the encoder's: for an SAE, themselves
    linear = _linear_map(pairs[0][:20_000] - centre, pairs[1][:20_000] - pairs[1].mean(0))
    w_dec = torch.nn.functional.normalize(w_enc.T @ linear, dim=-1)
    params = [w_enc.contiguous(), torch.zeros(width), w_dec.contiguous(), (pairs[1].mean(0) * y_scale).clone()]
    for p in params:
        p.requires_grad_(True)
    w_enc, b_enc, w_dec, b_dec = params
    optimiser = torch.optim.Adam(params, lr=RATE, betas=(0.9, 0.99))
    silent_for = torch.zeros(width)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / SAE_WARM_UP_STEPS, (1 - step / steps) / DECAY)
        rows = torch.randint(len(pairs[0]), (batch - n_names,), generator=generator)
        x, y = pairs[0][rows], pairs[1][rows]
        if n_names:
            rows = torch.randint(len(names[0]), (n_names,), generator=generator)
            x, y = torch.cat([names[0][rows], x]), torch.cat([names[1][rows], y])
        x, y = (x - centre) * x_scale, y * y_scale
        before = (x @ w_enc + b_enc).relu()  # (batch, width)
        firing, made, start = [], b_dec, 0
        loss = torch.zeros(())
        for n, k in levels:
            part = before[:, start : start + n]
            f = part * (part >= _cut(part.detach(), k))
            made = made + f @ w_dec[start : start + n]
            error = y - made
            loss = loss + (weights * error.pow(2).sum(-1)).mean() / len(levels)
            firing.append((f > 0).any(0))
            start += n
        silent_for = torch.where(torch.cat(firing), 0.0, silent_for + 1)
        dead = silent_for > SILENT_STEPS
        if dead.any():
            top = (before * dead).topk(min(int(dead.sum()), N_AUX), dim=-1)
            guess = torch.zeros_like(before).scatter(1, top.indices, top.values) @ w_dec
            loss = loss + AUX_WEIGHT * (error.detach() - guess).pow(2).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        with torch.no_grad():  # rows stay on the unit sphere
            w_dec.grad -= (w_dec.grad * w_dec).sum(-1, keepdim=True) * w_dec
        optimiser.step()
        with torch.no_grad():
            w_dec.div_(w_dec.norm(dim=-1, keepdim=True))

    w_enc, b_enc, w_dec, b_dec = (p.detach() for p in params)
    x, y = pairs
    if n_names:
        x, y = (_mixed(a, b, name_share, seed) for a, b in zip(pairs, names, strict=True))
    rows = _spread(len(x))
    before = ((x[rows] - centre) * x_scale @ w_enc + b_enc).relu()
    raw = TrainedDictionary(
        layer, w_enc * x_scale, b_enc - centre @ w_enc * x_scale, w_dec / y_scale, b_dec / y_scale,
        _thresholds(before, levels, keep),
    )  # fmt: skip
    return refitted(raw, x, y)


def _linear_map(x: Tensor, y: Tensor) -> Tensor:
    """(d_in, d_out), least squares by normal equations in fp64: LAPACK's fp32 solver gives other last bits from
    call to call, and training makes much of them."""
    x, y = x.double(), y.double()
    ridge = 1e-6 * x.pow(2).sum() / x.shape[1] * torch.eye(x.shape[1], dtype=torch.double)
    return torch.linalg.solve(x.T @ x + ridge, x.T @ y).float()


def _cut(before: Tensor, k: float) -> Tensor:
    """The smallest of the k·rows largest activations, above 0."""
    n = max(1, min(int(k * len(before)), before.numel()))
    return before.flatten().topk(n).values[-1].clamp(min=1e-6)


def _thresholds(before: Tensor, levels: Levels, keep: float) -> Tensor:
    """(width,) from activations (rows, width) that are not yet cut."""
    threshold = torch.cat([_cut(part, k).expand(n) for part, (n, k) in zip(
        before.split([n for n, _ in levels], 1), levels, strict=True)]).clone()  # fmt: skip
    for i in range(len(threshold)):
        firing = before[:, i][before[:, i] > threshold[i]]
        if len(firing):
            threshold[i] = max(float(threshold[i]), keep * float(firing.quantile(0.95)))
    return threshold


@torch.no_grad()
def refitted(dictionary: TrainedDictionary, x: Tensor, y: Tensor) -> TrainedDictionary:
    """Decoder and its bias by ridge regression of `y` on the activations; then rows to norm 1. What fires is unchanged.

    x, y   (tokens, d_in), (tokens, d_out); at most REFIT_ROWS of them are used
    """
    rows = _spread(len(x))
    acts = dictionary.encode(x[rows])
    fires = (acts > 0).any(0)
    # activations in units of their root mean square, or the ridge would depend on their scale
    unit = torch.where(fires, acts.pow(2).sum(0).div((acts > 0).sum(0).clamp(min=1)).sqrt(), torch.ones(len(fires)))
    ones = torch.cat([acts / unit, torch.ones(len(acts), 1)], 1)
    gram = (ones.T @ ones).double()
    ridge = RIDGE * torch.full((len(gram),), float(len(acts)), dtype=torch.double) / 25
    ridge[-1] = 0
    solved = torch.linalg.solve(gram + ridge.diag(), (ones.T @ y[rows]).double()).float()
    w_dec = torch.where(fires[:, None], solved[:-1] / unit[:, None], dictionary.w_dec)
    norms = w_dec.norm(dim=-1)
    return replace(
        dictionary,
        w_enc=dictionary.w_enc * norms,
        b_enc=dictionary.b_enc * norms,
        w_dec=w_dec / norms[:, None],
        b_dec=solved[-1],
        threshold=dictionary.threshold * norms,
    )


def _mixed(documents: Tensor, names: Tensor, name_share: float, seed: int) -> Tensor:
    """REFIT_ROWS rows of which `name_share` are names; the same rows for every tensor of one length."""
    generator = torch.Generator().manual_seed(seed + 1)
    n = int(REFIT_ROWS * name_share)
    a = documents[torch.randint(len(documents), (REFIT_ROWS - n,), generator=generator)]
    return torch.cat([a, names[torch.randint(len(names), (n,), generator=generator)]])


def _spread(n: int) -> Tensor:
    """At most REFIT_ROWS indices, evenly over `n`."""
    return torch.linspace(0, n - 1, min(n, REFIT_ROWS)).long()
