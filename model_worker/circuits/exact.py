"""What the model does where one node is at the other side's value, or at 0 where there is none: no graph, the model.

    latent   δ = (value − a) d at its column, added to resid_post of its layer
    neuron   δ = N(written + (value − z) w) − N(written): with the norm behind the MLP as it then is

A row a node, from the block behind it on, and of the head the target's two columns. Knows nothing about scores.
"""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import PLAIN

STEP_PRODUCTS = 10**9
"""Multiplications of one step, about: some tens of milliseconds of a CPU's core."""
SWAPS_AT_ONCE = 256


def measured_swaps(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Generator[None, None, dict[int, float]]:
    """By node's number: m with it swapped − m, on that side. Nodes of one layer share a pass."""
    found: dict[int, float] = {}
    for layer in sorted({node.layer for node in nodes}, reverse=True):
        own = [node for node in nodes if node.layer == layer]
        at_once = rows_at_once(inquiry, which, layer)
        for first in range(0, len(own), at_once):
            part = own[first : first + at_once]
            changes = _swap(inquiry, which, layer, part)
            found.update({node.number: change for node, change in zip(part, changes, strict=True)})
            yield None
    return found


def rows_at_once(inquiry: Inquiry, which: int, layer: int) -> int:
    """Rows from the block behind `layer` on that make one step."""
    blocks = inquiry.gemma.blocks[layer + 1 : inquiry.target.depth]
    products = sum(one.numel() for block in blocks for one in (block.qkv, block.out, block.gate_up, block.down))
    return max(1, min(SWAPS_AT_ONCE, STEP_PRODUCTS // max(1, products * inquiry.sides[which].n_pos)))


@torch.no_grad()
def _swap(inquiry: Inquiry, which: int, layer: int, nodes: Sequence[ToldNode]) -> list[float]:
    side = inquiry.sides[which]
    positions = inquiry.positions(which)
    at = torch.tensor([positions[node.column] for node in nodes], device=side.embedding.device)
    wanted = torch.tensor([_wanted(node, which) for node in nodes], device=at.device)
    own = torch.tensor([_own(node, which) for node in nodes], device=at.device)
    indices = torch.tensor([node.index for node in nodes], device=at.device)
    deltas = node_deltas(inquiry, side, layer, indices, at, wanted - own)
    x = side.residuals[layer].expand(len(nodes), -1, -1).clone()
    x[torch.arange(len(nodes)), at] += deltas
    m = inquiry.target(side.run(x, first=layer + 1, end=inquiry.target.depth), PLAIN)
    return [one - inquiry.m[which] for one in m.tolist()]


def _own(node: ToldNode, which: int) -> float:
    return node.a if which == 0 or node.b is None else node.b


def _wanted(node: ToldNode, which: int) -> float:
    if node.b is None:
        return 0.0
    return node.b if which == 0 else node.a


def node_deltas(inquiry: Inquiry, side: PromptSide, layer: int, indices: Tensor, at: Tensor, moved: Tensor) -> Tensor:
    """(n, d_model): what resid_post gains where each node alone, at its position (n,), has `moved` (n,) more."""
    if inquiry.request.basis == "neurons":
        block = side.whole.gemma.blocks[layer]
        written = side.neurons[layer][at] @ block.down
        return block.after_mlp(written + moved.unsqueeze(-1) * block.down[indices]) - block.after_mlp(written)
    return moved.unsqueeze(-1) * inquiry.dictionaries[layer].W_dec[indices]
