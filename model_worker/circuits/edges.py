"""What nodes of one layer do to those of the next, by RelP, and through where heads look.

    weight    E(u → t) = wᵤ · Jᵀ r_t. wᵤ: what u writes at its column; r_t: what t reads; J: of the block between, with
              norms, patterns and gates held (RELP). Exactly complete: with errors, biases and BOS all that comes in is
              what t reads
    through   wᵤ · Kᵀ r_t. K: of the plain block, through queries and keys alone, values held: the plain J less that
              with patterns held

A receiver reads at one position, so back go rows of that position alone, to what skips the attention and to the heads'
z; senders come forward to the values (and, for `through`, to queries and keys), and an edge is their product. Where a
layer between has no nodes, whole sequences go back through all blocks between. Knows nothing about frames.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.exact import rows_at_once
from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import PLAIN, PLAIN_PATTERNS_HELD, RELP, Rule
from model_worker.circuits.sequence_pass import Taps, unedited
from model_worker.model.gemma import Gemma, Norm


@dataclass(frozen=True)
class LayerEdges:
    """(receivers, senders) each. unexplained: largest part of what a receiver reads that all that comes in leaves
    over."""

    weights: Tensor
    through: Tensor
    unexplained: float


@dataclass(frozen=True)
class Senders:
    """writes (n, d_model) at positions `at` (n,)."""

    writes: Tensor
    at: Tensor


@dataclass(frozen=True)
class Receivers:
    """Of layer `layer`. reads (n, d_model) of resid_post, or neurons `index` (n,); at positions `at` (n,)."""

    layer: int
    reads: Tensor | None
    index: Tensor
    at: Tensor

    def value(self, x: Tensor, neurons: Tensor) -> Tensor:
        """What they read of rows of their own position: (n, d_model), (n, d_mlp) to (n,)."""
        if self.reads is None:
            return neurons.gather(1, self.index.unsqueeze(-1)).squeeze(-1)
        return (x * self.reads).sum(-1)


def layer_edges(
    inquiry: Inquiry, which: int, sending: Sequence[ToldNode], receiving: Sequence[ToldNode]
) -> Generator[None, None, LayerEdges]:
    """Between nodes of two layers, on one side."""
    senders = senders_of(inquiry, which, sending)
    receivers = receivers_of(inquiry, which, receiving)
    if receivers.layer == sending[0].layer + 1:
        return next_block_edges(inquiry.sides[which], senders, receivers)
    return (yield from far_edges(inquiry, which, sending[0].layer, senders, receivers))


@torch.no_grad()
def senders_of(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Senders:
    at, index = _places(inquiry, which, nodes)
    layer, side = nodes[0].layer, inquiry.sides[which]
    values = torch.tensor([node.a if which == 0 or node.b is None else node.b for node in nodes], device=at.device)
    if inquiry.request.basis != "neurons":
        writes = values.unsqueeze(-1) * inquiry.dictionaries[layer].W_dec[index]
        for row, node in enumerate(nodes):
            if node.kind == "error":
                writes[row] = inquiry.errors[which][layer][node.column]
        return Senders(writes, at)
    block = side.whole.gemma.blocks[layer]
    norm = unedited(block.after_mlp)
    size = torch.linalg.vector_norm(side.neurons[layer][at] @ block.down, dim=-1, keepdim=True)
    return Senders(values.unsqueeze(-1) * block.down[index] / torch.hypot(size, norm.floor) * norm.scaled, at)


def receivers_of(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Receivers:
    at, index = _places(inquiry, which, nodes)
    layer = nodes[0].layer
    reads = None if inquiry.request.basis == "neurons" else inquiry.dictionaries[layer].W_enc.T[index]
    return Receivers(layer, reads, index, at)


def _places(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> tuple[Tensor, Tensor]:
    positions, device = inquiry.positions(which), inquiry.gemma.device
    at = torch.tensor([positions[node.column] for node in nodes], device=device)
    return at, torch.tensor([node.index for node in nodes], device=device)


def next_block_edges(side: PromptSide, senders: Senders, receivers: Receivers) -> LayerEdges:
    """Through the receivers' own block."""
    layer, gemma = receivers.layer, side.whole.gemma
    block, shape = gemma.blocks[layer], gemma.shape
    back = _back(side, receivers, RELP)
    with torch.no_grad():
        x = side.into(layer)[0]
        meets = receivers.at.unsqueeze(-1) == senders.at
        looks = side.patterns[layer][:, receivers.at]  # (n_heads, receivers, key pos)
        norm = block.before_attention
        size = torch.hypot(torch.linalg.vector_norm(x[senders.at], dim=-1, keepdim=True), norm.floor)
        value = (senders.writes / size * norm.scaled) @ block.qkv[:, -shape.n_kv_heads * shape.head_dim :]
        moved = _for_heads(gemma, value.unflatten(-1, (shape.n_kv_heads, shape.head_dim)))
        direct = meets * (back.skip @ senders.writes.T)
        weights = direct + torch.einsum("rhd,shd,hrs->rs", back.z, moved, looks[:, :, senders.at])
        z = side.heads[layer][receivers.at]
        came = (back.skip * x[receivers.at]).sum(-1) + (back.z * z).sum((-1, -2))
        unexplained = ((back.read - came).abs() / back.read.abs().clamp(min=1.0)).max().item()
    return LayerEdges(weights, _through(side, senders, receivers, looks), unexplained)


@dataclass(frozen=True)
class _Back:
    """What receivers read (n,), and its gradient by what skips the attention (n, d_model) and by the heads' z (n,
    n_heads, head_dim), at their own position."""

    read: Tensor
    skip: Tensor
    z: Tensor


def _back(side: PromptSide, receivers: Receivers, rule: Rule) -> _Back:
    block = side.whole.gemma.blocks[receivers.layer]
    with torch.enable_grad():
        skip = side.into(receivers.layer)[0][receivers.at].requires_grad_()
        z = side.heads[receivers.layer][receivers.at].requires_grad_()
        x = skip + rule.norm(unedited(block.after_attention), z.flatten(1) @ block.out)
        gate, up = (rule.norm(block.before_mlp, x) @ block.gate_up).chunk(2, dim=-1)
        neurons = rule.gated(gate, up)
        x = x + rule.norm(unedited(block.after_mlp), neurons @ block.down)
        read = receivers.value(x, neurons)
        found = torch.autograd.grad(read.sum(), (skip, z))
    return _Back(read.detach(), *found)


def _through(side: PromptSide, senders: Senders, receivers: Receivers, looks: Tensor) -> Tensor:
    """(receivers, senders). looks (n_heads, receivers, key pos)."""
    layer, gemma = receivers.layer, side.whole.gemma
    shape, n_heads = gemma.shape, gemma.shape.n_heads
    back = _back(side, receivers, PLAIN)
    with torch.no_grad():
        x = side.into(layer)[0]
        keys, values = (_for_heads(gemma, one[0]) for one in side.keys[layer])  # (pos, n_heads, head_dim)
        queries = _looking(side, layer, x[receivers.at], x[receivers.at], receivers.at)[0][:, :n_heads]
        moved = torch.einsum("rhd,khd->hrk", back.z, values)
        steeper = looks * (moved - (looks * moved).sum(-1, keepdim=True)) * shape.scale
        if shape.cap is not None:
            scores = torch.einsum("rhd,khd->hrk", queries, keys) * (shape.scale / shape.cap)
            steeper = steeper * (1 - scores.tanh().square())

        turned = _looking(side, layer, x[senders.at], senders.writes, senders.at)[1]
        as_query = turned[:, :n_heads]
        as_key = _for_heads(gemma, turned[:, n_heads:])
        of_keys = torch.einsum("hrs,rhd,shd->rs", steeper[:, :, senders.at], queries, as_key)
        of_query = torch.einsum("hrk,khd,shd->rs", steeper, keys, as_query)
        return of_keys + (receivers.at.unsqueeze(-1) == senders.at) * of_query


def _looking(side: PromptSide, layer: int, x: Tensor, dx: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
    """Queries and keys of rows x (n, d_model) at positions `at`, (n, n_heads + n_kv_heads, head_dim), and how they
    change along dx."""
    gemma = side.whole.gemma
    block, shape, rotation = gemma.blocks[layer], gemma.shape, side.whole.rotations[layer]
    n_looking = shape.n_heads + shape.n_kv_heads
    cos, sin = rotation.cos[0, at].float(), rotation.sin[0, at].float()  # (n, 1, head_dim)
    both = []
    for one in _norm_along(block.before_attention, x, dx):
        both.append((one @ block.qkv[:, : n_looking * shape.head_dim]).unflatten(-1, (n_looking, shape.head_dim)))
    if block.q_norm is not None and block.k_norm is not None:
        q = _norm_along(block.q_norm, both[0][:, : shape.n_heads], both[1][:, : shape.n_heads])
        k = _norm_along(block.k_norm, both[0][:, shape.n_heads :], both[1][:, shape.n_heads :])
        both = [torch.cat(one, dim=-2) for one in zip(q, k, strict=True)]
    here, along = (one * cos + one.roll(shape.head_dim // 2, -1) * sin for one in both)
    return here, along


def _norm_along(norm: Norm, x: Tensor, dx: Tensor) -> tuple[Tensor, Tensor]:
    """x normed, and its change along dx: (dx − y (y·dx)) / size, with y = x / size."""
    size = torch.hypot(torch.linalg.vector_norm(x, dim=-1, keepdim=True), norm.floor)
    y = x / size
    return y * norm.scaled, (dx - y * (y * dx).sum(-1, keepdim=True)) / size * norm.scaled


def _for_heads(gemma: Gemma, of_kv_heads: Tensor) -> Tensor:
    """(n, n_kv_heads, head_dim) to (n, n_heads, head_dim)."""
    return of_kv_heads.repeat_interleave(gemma.shape.n_heads // gemma.shape.n_kv_heads, dim=-2)


def far_edges(
    inquiry: Inquiry, which: int, layer: int, senders: Senders, receivers: Receivers, *, looking: bool = True
) -> Generator[None, None, LayerEdges]:
    """From a layer through all blocks to the receivers', as if nothing were held in force between. A None between
    steps. looking: `through` too, or zeros in a third of the time."""
    side = inquiry.sides[which]
    at_once = rows_at_once(inquiry, layer, side.n_pos)
    begins = 0 if side.hold else int(min(senders.at.min(), receivers.at.min()))
    whole = _Between.of(side, layer, receivers, RELP, 0)
    weights, through, unexplained = [], [], 0.0
    others = [_Between.of(side, layer, receivers, rule, begins) for rule in _LOOKING if looking]
    yield None
    for first in range(0, len(receivers.at), at_once):
        rows = slice(first, first + at_once)
        slopes = whole.slopes(rows)
        came, read = (slopes * whole.x.detach()).sum((-1, -2)), whole.read[rows].detach()
        unexplained = max(unexplained, ((read - came).abs() / read.abs().clamp(min=1.0)).max().item())
        weights.append((slopes[:, senders.at] * senders.writes).sum(-1))
        yield None
        looks = torch.zeros_like(weights[-1])
        for one, sign in zip(others, (1.0, -1.0), strict=False):
            looks += sign * (one.slopes(rows)[:, senders.at - begins] * senders.writes).sum(-1)
            yield None
        through.append(looks)
    return LayerEdges(torch.cat(weights), torch.cat(through), unexplained)


_LOOKING = (PLAIN, PLAIN_PATTERNS_HELD)
"""What the first has more than the second goes through where heads look."""


@dataclass(frozen=True)
class _Between:
    """A side's pass from a layer to the receivers', once, for gradients of all that they read. x (1, pos, d_model):
    resid_post of the layer, from a position on; read (n,)."""

    x: Tensor
    read: Tensor

    @classmethod
    def of(cls, side: PromptSide, layer: int, receivers: Receivers, rule: Rule, begins: int) -> "_Between":
        neurons: list[Tensor] = []

        def keep(at: int, own: Tensor) -> Tensor:
            if at == receivers.layer:
                neurons.append(own)
            return own

        end, at = receivers.layer + 1, receivers.at - begins
        with torch.enable_grad():
            x = side.into(layer + 1)[:, begins:].clone().requires_grad_()
            taps = Taps(neurons=keep)
            if begins:
                out = side.run(x, first=layer + 1, end=end, start=begins, rule=rule, taps=taps)
            else:
                out = side.whole.run(x, first=layer + 1, end=end, rule=rule, taps=taps)
            return cls(x, receivers.value(out[0, at], neurons[0][0, at]))

    def slopes(self, rows: slice) -> Tensor:
        """Of what those receivers read, by x: (rows, pos, d_model)."""
        wanted = torch.eye(len(self.read), device=self.x.device)[rows]
        (found,) = torch.autograd.grad(self.read, self.x, wanted, retain_graph=True, is_grads_batched=True)
        return found.squeeze(1)
