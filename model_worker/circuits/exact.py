"""What the model does where one node is at the other side's value, or at 0 where there is none: no graph, the model.

    latent   δ = (value − a) d at its column, added to resid_post of its layer
    error    δ = ε of the other side − ε, or −ε
    neuron   δ = N(written + (value − z) w) − N(written): with the norm behind the MLP as it then is

A row a node, from the block behind it and from its position on, and of the head the target's two columns. Knows nothing
about scores.
"""

from collections.abc import Generator, Sequence

import torch
from torch import Tensor

from model_worker.circuits.inquiry import Inquiry, spans
from model_worker.circuits.nodes import ToldNode
from model_worker.circuits.rule import PLAIN

STEP_PRODUCTS = 4 * 10**8
"""Multiplications of one step, about: some tens of milliseconds of a CPU's core."""
STEP_TOKENS = 128
"""But so many tokens at least: with fewer, reading the weights is what takes the time."""
SWAPS_AT_ONCE = 256
APART_TOKENS = 24
"""Two passes of which one begins later are as quick as one of both that has so many tokens more."""


def measured_swaps(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Generator[None, None, dict[int, float]]:
    """By node's number: m with it swapped − m, on that side. Nodes of one layer share passes."""
    found: dict[int, float] = {}
    for layer in sorted({node.layer for node in nodes}, reverse=True):
        for part in _passes(inquiry, which, [node for node in nodes if node.layer == layer]):
            changes = _swap(inquiry, which, layer, part)
            found.update({node.number: change for node, change in zip(part, changes, strict=True)})
            yield None
    return found


def rows_at_once(inquiry: Inquiry, layer: int, n_pos: int, n_passes: int = 1) -> int:
    """Rows of so many positions, so many times from the block behind `layer` on, that make one step."""
    blocks = inquiry.gemma.blocks[layer + 1 : inquiry.target.depth]
    products = sum(one.numel() for block in blocks for one in (block.qkv, block.out, block.gate_up, block.down))
    n_tokens = max(STEP_TOKENS, STEP_PRODUCTS // max(1, products * n_passes))
    return max(1, min(SWAPS_AT_ONCE, n_tokens // n_pos))


def _passes(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> list[Sequence[ToldNode]]:
    """Nodes of one layer, those of late positions apart where that is quicker."""
    positions, n_pos = inquiry.positions(which), inquiry.sides[which].n_pos
    groups: list[list[ToldNode]] = []
    for node in sorted(nodes, key=lambda node: -positions[node.column]):
        earlier = positions[groups[-1][-1].column] - positions[node.column] if groups else 0
        if not groups or len(groups[-1]) * earlier > APART_TOKENS:
            groups.append([])
        groups[-1].append(node)
    passes: list[Sequence[ToldNode]] = []
    for group in groups:
        n_behind = n_pos - positions[group[-1].column]
        passes += spans(group, rows_at_once(inquiry, group[-1].layer, n_behind))
    return passes


@torch.no_grad()
def _swap(inquiry: Inquiry, which: int, layer: int, nodes: Sequence[ToldNode]) -> list[float]:
    side, positions = inquiry.sides[which], inquiry.positions(which)
    start = min(positions[node.column] for node in nodes)
    at = torch.tensor([positions[node.column] for node in nodes], device=side.embedding.device)
    x = side.residuals[layer][start:].repeat(len(nodes), 1, 1)
    x[torch.arange(len(nodes)), at - start] += _deltas(inquiry, which, nodes, at)
    m = inquiry.target(side.run(x, first=layer + 1, end=inquiry.target.depth, start=start, last_only=True), PLAIN)
    return [one - inquiry.m[which] for one in m.tolist()]


def _deltas(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode], at: Tensor) -> Tensor:
    """(n, d_model): what resid_post gains where each node of one layer alone is swapped. at (n,): their positions."""
    layer = nodes[0].layer
    moved = torch.tensor([_moved(node, which) for node in nodes], device=at.device).unsqueeze(-1)
    index = torch.tensor([node.index for node in nodes], device=at.device)
    if inquiry.request.basis == "neurons":
        block, z = inquiry.gemma.blocks[layer], inquiry.sides[which].neurons[layer][at]
        written = z @ block.down
        return block.after_mlp(written + moved * block.down[index]) - block.after_mlp(written)
    deltas = moved * inquiry.dictionaries[layer].W_dec[index]
    for row, node in enumerate(nodes):
        if node.kind == "error":
            own = inquiry.errors[which][layer][node.column]
            deltas[row] = (inquiry.errors[1 - which][layer][node.column] if inquiry.b is not None else 0.0) - own
    return deltas


def _moved(node: ToldNode, which: int) -> float:
    if node.b is None:
        return -node.a
    return node.b - node.a if which == 0 else node.a - node.b
