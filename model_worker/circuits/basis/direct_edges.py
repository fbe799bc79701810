"""What a transcoder's latents do to those of all layers above, directly: an attribution graph's edges.

Held at the clean run's values: where heads look, the divisions of all norms, and what every MLP adds, for that is what
latents and errors stand for. What is left is linear: the residual stream, the values that heads move, and a
transcoder's skip, where it has one.

    E(u → t) = wᵤ · ∂/∂resid_post (r_t · n(h_t))     wᵤ: what u adds at its place; r_t: t's encoder column; n: its norm

So a latent's pre-activation is its bias and the E of all latents and errors below, of the embedding, and of what is
held in force: exactly. Back go rows of receivers, block by block, by products alone: no MLP is computed. What goes
through where heads look is no part of such a graph, so `through` is 0.

Ameisen et al. 2025, Circuit Tracing. Otherwise than circuit-tracer, BOS and the decoders' biases stay in, as errors.
Knows nothing about frames.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from model_worker.circuits.edges import LayerEdges, senders_of
from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import RELP
from model_worker.circuits.sequence_pass import unedited
from model_worker.model.dictionaries.transcoder import Transcoder
from model_worker.model.gemma import Norm

EMBEDDING = -1


@torch.no_grad()
def direct_edges(
    inquiry: Inquiry, which: int, sending: Sequence[ToldNode], receiving: Sequence[ToldNode]
) -> LayerEdges:
    """receiving: of one layer; sending: of layers below it. On one side."""
    layer, side, device = receiving[0].layer, inquiry.sides[which], inquiry.gemma.device
    positions = inquiry.positions(which)
    at = torch.tensor([positions[node.column] for node in receiving], device=device)
    index = torch.tensor([node.index for node in receiving], device=device)
    weights = torch.zeros(len(receiving), len(sending), device=device)
    came = torch.zeros(len(receiving), device=device)
    for below, slopes in slopes_below(inquiry, side, layer, reading_slopes(inquiry, side, layer, index, at)):
        came += (slopes * comes_in(inquiry, side, below)).sum((-1, -2))
        places = [place for place, node in enumerate(sending) if node.layer == below]
        if places:
            senders = senders_of(inquiry, which, [sending[place] for place in places])
            weights[:, places] = (slopes[:, senders.at] * senders.writes).sum(-1)
    norm, read = _norm_of(inquiry, layer), inquiry.dictionaries[layer].W_enc.T[index]
    wanted = (norm(side.mids[layer][at]) * read).sum(-1)
    unexplained = ((wanted - came).abs() / wanted.abs().clamp(min=1.0)).max().item()
    return LayerEdges(weights, torch.zeros_like(weights), unexplained)


def direct_effects(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> list[float]:
    """On m of a side, of nodes of any layers. All that comes in adds up to m (of a reading less its bias)."""
    slopes = dict(target_slopes(inquiry, which))
    found: dict[int, float] = {}
    for layer in {node.layer for node in nodes}:
        own = [node for node in nodes if node.layer == layer]
        senders = senders_of(inquiry, which, own)
        effects = (slopes[layer][0, senders.at] * senders.writes).sum(-1).tolist()
        found.update({node.number: effect for node, effect in zip(own, effects, strict=True)})
    return [found[node.number] for node in nodes]


def target_slopes(inquiry: Inquiry, which: int) -> Iterator[tuple[int, Tensor]]:
    """As slopes_below, of m: (1, pos, d_model) each, the last block's own among them."""
    side, last = inquiry.sides[which], inquiry.target.depth - 1
    with torch.enable_grad():
        x = side.residuals[last].unsqueeze(0).requires_grad_()
        (slopes,) = torch.autograd.grad(inquiry.target(x, RELP).sum(), x)
    return slopes_below(inquiry, side, last, slopes, behind=True)


def reading_slopes(inquiry: Inquiry, side: PromptSide, layer: int, index: Tensor, at: Tensor) -> Tensor:
    """(n, pos, d_model): of the pre-activations of latents `index` (n,) at positions `at` (n,), by the residual between
    attention and MLP."""
    norm, read = _norm_of(inquiry, layer), inquiry.dictionaries[layer].W_enc.T[index]
    found = torch.zeros(len(at), side.n_pos, read.shape[-1], device=read.device)
    found[torch.arange(len(at)), at] = _back(norm, read, side.mids[layer][at])
    return found


def slopes_below(
    inquiry: Inquiry, side: PromptSide, layer: int, slopes: Tensor, *, behind: bool = False
) -> Iterator[tuple[int, Tensor]]:
    """From slopes (n, pos, d_model) by the residual between attention and MLP of a layer, or behind it all: those by
    resid_post of every layer before, the nearest first, and by the embedding, as the layer EMBEDDING."""
    if behind:
        yield layer, slopes
        slopes = _through_skip(inquiry, side, layer, slopes)
    for below in range(layer - 1, EMBEDDING - 1, -1):
        slopes = slopes + _through_heads(side, below + 1, slopes)
        yield below, slopes
        if below != EMBEDDING:
            slopes = _through_skip(inquiry, side, below, slopes)


def comes_in(inquiry: Inquiry, side: PromptSide, layer: int) -> Tensor:
    """(pos, d_model): all that comes into the residual stream there, but for heads and a skip: what the MLP adds, and
    what is held in force; or the embedding."""
    if layer == EMBEDDING:
        return side.embedding[0]
    own, whole = inquiry.dictionaries[layer], side.residuals[layer] - side.mids[layer]
    if not isinstance(own, Transcoder) or own.W_skip is None:
        return whole
    return whole - _norm_of(inquiry, layer)(side.mids[layer]) @ own.W_skip.T


def _through_heads(side: PromptSide, layer: int, slopes: Tensor) -> Tensor:
    """What goes into a block, by way of the values that its heads move."""
    gemma = side.whole.gemma
    block, shape = gemma.blocks[layer], gemma.shape
    written = side.heads[layer].flatten(1) @ block.out
    z = (_back(unedited(block.after_attention), slopes, written) @ block.out.T).unflatten(-1, (-1, shape.head_dim))
    moved = torch.einsum("nqhd,hqk->nkhd", z, side.patterns[layer])
    values = moved.unflatten(2, (shape.n_kv_heads, -1)).sum(3).flatten(2)
    read = values @ block.qkv[:, -shape.n_kv_heads * shape.head_dim :].T
    return _back(block.before_attention, read, side.into(layer)[0])


def _through_skip(inquiry: Inquiry, side: PromptSide, layer: int, slopes: Tensor) -> Tensor:
    own = inquiry.dictionaries[layer]
    if not isinstance(own, Transcoder) or own.W_skip is None:
        return slopes
    return slopes + _back(_norm_of(inquiry, layer), slopes @ own.W_skip, side.mids[layer])


def _norm_of(inquiry: Inquiry, layer: int) -> Norm:
    """That a layer's transcoder reads through."""
    own = inquiry.dictionaries[layer]
    assert isinstance(own, Transcoder), "another basis has no direct edges"
    return own.norm(inquiry.gemma.blocks[layer].before_mlp)


def _back(norm: Norm, slopes: Tensor, x: Tensor) -> Tensor:
    """Slopes behind a norm to those before it, its division as x (..., d_model) has it."""
    return slopes * norm.scaled / torch.hypot(torch.linalg.vector_norm(x, dim=-1, keepdim=True), norm.floor)
