"""What a layer holds of m, or of the gap between the sides, and what of it each node: integrated gradients.

D is what the layer's nodes write at each column (or how the sides differ there); ḡ is ∂m at resid_post, averaged over
midpoints of the straight line from x − D to x. A node's share is ḡ · what it writes, and shares add up.

    latents, two sides   D = x_a − x_b. total ḡ·D; a latent Δa (ḡ·d); what is left of the total is the error's
    latents, one side    D = Σ a d. error = m at x − D, where no latent fires; total = error + Σ shares
    transcoders          D = y_a − y_b, or y: what the MLP adds behind its norm, which is what a transcoder stands for.
                         total ḡ·D; what is left of it is the error's
    neurons              D = y_a − y_b, or y: what the MLP adds behind its norm, which is held as it is on each side:
                         together neurons are worth nothing behind a norm that moves. total Σ shares; no error

Where a token has no partner, or D isn't all that differs, there is a line on each side's prompt: their mean is told.
Sundararajan et al. 2017, eq. 3, over residuals. Knows nothing about frames.
"""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from model_worker.circuits.exact import rows_at_once
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.rule import PLAIN
from model_worker.circuits.sequence_pass import unedited

NOTHING = 1e-5
"""Of the largest difference at any position: as much is rounding."""
BACK = 3
"""A pass forward and back is so many forward."""


@dataclass(frozen=True)
class LayerTotal:
    """shares (columns, n): of each node of the layer."""

    total: float
    error: float
    shares: Tensor


def layer_total(inquiry: Inquiry, layer: int) -> Generator[None, None, LayerTotal]:
    """A step between two Nones."""
    between, shared = _between(inquiry, layer), []
    for which, ended in enumerate(between):
        slopes = yield from path_slopes(inquiry, which, layer, ended)
        shared.append(inquiry.in_columns(which, slopes))
    slopes = torch.stack(shared).mean(0)
    with torch.no_grad():
        shares = slopes_of_nodes(inquiry, layer, slopes)
        held = shares.sum().item()
        if inquiry.request.basis == "neurons":
            return LayerTotal(held, 0.0, shares)
        if inquiry.request.basis == "transcoder":
            total = (slopes * _mlps(inquiry, layer)).sum().item()
            return LayerTotal(total, total - held, shares)
        if inquiry.b is None:
            error = _m_without(inquiry, layer, between[0])
            return LayerTotal(held + error, error, shares)
        a, b = (inquiry.in_columns(which, side.residuals[layer]) for which, side in enumerate(inquiry.sides))
        total = (slopes * (a - b) * inquiry.paired.unsqueeze(-1)).sum().item()
        return LayerTotal(total, total - held, shares)


def _mlps(inquiry: Inquiry, layer: int) -> Tensor:
    """(columns, d_model): what the MLP adds, or adds more on a than on b."""
    adds = [inquiry.in_columns(which, side.mlp(layer)) for which, side in enumerate(inquiry.sides)]
    return adds[0] if len(adds) == 1 else (adds[0] - adds[1]) * inquiry.paired.unsqueeze(-1)


def slopes_of_nodes(inquiry: Inquiry, layer: int, slopes: Tensor) -> Tensor:
    """(columns, n): slopes (columns, d_model) times what each node writes, or writes more on a than on b."""
    if inquiry.request.basis == "neurons":
        norm = unedited(inquiry.gemma.blocks[layer].after_mlp)
        written = [inquiry.in_columns(which, _scaled(inquiry, which, layer)) for which in range(len(inquiry.sides))]
        read = (slopes * norm.scaled) @ inquiry.gemma.blocks[layer].down.T
    else:
        written = [of_side[layer] for of_side in inquiry.activations]
        read = slopes @ inquiry.dictionaries[layer].W_dec.T
    if len(written) == 1:
        return written[0] * read
    return (written[0] - written[1]) * read * inquiry.paired.unsqueeze(-1)


def n_midpoints(inquiry: Inquiry) -> int:
    """As many as asked between two prompts. One prompt's path begins where the norms' divisions are steep and wants
    twice as many; one of neurons, whose norm is held, is as exact with half (docs/LOG.md, Circuits)."""
    asked = inquiry.request.midpoints
    if inquiry.request.basis == "neurons":
        return asked // 2
    return asked if inquiry.b is not None else 2 * asked


def path_slopes(inquiry: Inquiry, which: int, layer: int, ended: Tensor) -> Generator[None, None, Tensor]:
    """(pos, d_model): ∂m at resid_post of a layer, mean over the midpoints of the line to x from x − ended."""
    side, n = inquiry.sides[which], n_midpoints(inquiry)
    size = ended.norm(dim=-1)
    begins = (size > NOTHING * size.max()).nonzero()
    if layer == inquiry.target.depth - 1:
        start = side.n_pos - 1  # nothing else is read behind the last block
    elif len(begins) == 0:
        return torch.zeros_like(ended)
    else:
        start = int(begins[0])
    at_once = rows_at_once(inquiry, layer, side.n_pos - start, BACK)
    summed = torch.zeros_like(ended[start:])
    for first in range(0, n, at_once):
        places = (torch.arange(first, min(n, first + at_once), device=ended.device) + 0.5) / n
        summed += _slopes_at(inquiry, which, layer, start, ended, places)
        yield None
    return pad(summed / n, (0, 0, start, 0))


def _slopes_at(inquiry: Inquiry, which: int, layer: int, start: int, ended: Tensor, places: Tensor) -> Tensor:
    """Their sum over places (rows,) of the line: 0 its beginning, 1 its end."""
    side = inquiry.sides[which]
    with torch.enable_grad():
        x = side.residuals[layer][start:] - (1 - places).view(-1, 1, 1) * ended[start:]
        x.requires_grad_()
        depth = inquiry.target.depth
        m = inquiry.target(side.run(x, first=layer + 1, end=depth, start=start, last_only=True), PLAIN)
        return torch.autograd.grad(m.sum(), x)[0].sum(0)


@torch.no_grad()
def _between(inquiry: Inquiry, layer: int) -> list[Tensor]:
    """By line, on the prompt of that side: D (pos, d_model) such that x − D is where the line begins. One where both
    are the same line."""
    written = [_written(inquiry, which, layer) for which in range(len(inquiry.sides))]
    if len(written) == 1:
        return written
    columns = [inquiry.in_columns(which, one) for which, one in enumerate(written)]
    more = (columns[0] - columns[1]) * inquiry.paired.unsqueeze(-1)
    lines = []
    for which, sign in ((0, 1.0), (1, -1.0)):
        places = inquiry.positions(which)
        kept = [column for column, place in enumerate(places) if place >= 0]
        lines.append(sign * more[kept])
    same = inquiry.request.basis == "latents" and bool(inquiry.paired.all())
    return lines[:1] if same else lines


def _written(inquiry: Inquiry, which: int, layer: int) -> Tensor:
    """(pos, d_model): of two sides by latents, all of resid_post."""
    side = inquiry.sides[which]
    if inquiry.request.basis == "neurons":
        block = inquiry.gemma.blocks[layer]
        return (_scaled(inquiry, which, layer) @ block.down) * unedited(block.after_mlp).scaled
    if inquiry.request.basis == "transcoder":
        return side.mlp(layer)
    if inquiry.b is not None:
        return side.residuals[layer]
    return inquiry.activations[which][layer] @ inquiry.dictionaries[layer].W_dec  # columns are positions


def _scaled(inquiry: Inquiry, which: int, layer: int) -> Tensor:
    """Neurons (pos, d_mlp), divided by what the norm behind them divides by."""
    z, block = inquiry.sides[which].neurons[layer], inquiry.gemma.blocks[layer]
    size = torch.linalg.vector_norm(z @ block.down, dim=-1, keepdim=True)
    return z / torch.hypot(size, unedited(block.after_mlp).floor)


@torch.no_grad()
def _m_without(inquiry: Inquiry, layer: int, ended: Tensor) -> float:
    side = inquiry.a
    x = (side.residuals[layer] - ended).unsqueeze(0)
    return inquiry.target(side.run(x, first=layer + 1, end=inquiry.target.depth, last_only=True), PLAIN).item()
