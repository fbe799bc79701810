"""What fired on one side and not on the other, and what held it down there.

1. Of each layer the OF_LAYER told latents that decide most of those that fire on one side alone, at the name's last
   token or at the end. Margin: threshold − pre-activation on the side where it is silent.
2. The RelP edges into it from all latents of the layer below that fire there, of any token: the N_SUPPRESSORS most
   negative are its suppressors.
3. Each of them ablated in the model, one at a time, as are N_RANDOM others that fire at the suppressors' tokens: what
   the pre-activation gains, and whether the latent then fires.

Latents of the residual stream alone: neurons have no threshold. Layer below: the next that has a dictionary. Knows
nothing about m.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.edges import Senders, far_edges, next_block_edges, receivers_of
from model_worker.circuits.inquiry import Inquiry, PromptSide
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.random_band import random_band
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import SilentNode, SilentNodes, Suppressor

OF_LAYER = 4
N_SUPPRESSORS = 3
N_RANDOM = 8


def silent_nodes(inquiry: Inquiry, told: Told) -> Generator[SilentNodes | None]:
    """Nothing of one prompt, or without dictionaries. A layer's silent ones of a side in one step."""
    found: dict[int, SilentNode] = {}
    chosen = one_sided(inquiry, told)
    for layer in sorted({node.layer for node in chosen}, reverse=True):
        for which in (0, 1):
            own = [node for node in chosen if node.layer == layer and _silent_in(node) == which]
            if own:
                told_of = yield from _held_down(inquiry, which, own)
                found.update({node.number: one for node, one in zip(own, told_of, strict=True)})
                yield None
    if found:
        yield SilentNodes(seq=0, nodes=tuple(found[node.number] for node in chosen))


def one_sided(inquiry: Inquiry, told: Told) -> list[ToldNode]:
    """Strongest first."""
    if inquiry.b is None:
        return []
    decisive = [
        node
        for node in told
        if node.kind == "sae"
        and (node.a == 0) != (node.b == 0)
        and inquiry.columns[node.column].place in ("name_last", "end")
    ]
    decisive.sort(key=lambda node: -max(abs(node.effect), abs(node.relp)))
    ranks: Counter[int] = Counter()
    taken = []
    for node in decisive:
        if ranks[node.layer] < OF_LAYER:
            taken.append(node)
        ranks[node.layer] += 1
    return taken


def _silent_in(node: ToldNode) -> int:
    return 0 if node.a == 0 else 1


@dataclass(frozen=True)
class _Firing:
    """Latents of a layer that fire on a side: where, which, (n,) each; what they write, (n, d_model)."""

    columns: Tensor
    positions: Tensor
    indices: Tensor
    writes: Tensor


def _held_down(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Generator[None, None, list[SilentNode]]:
    """nodes: of one layer, silent on that side."""
    side, layer = inquiry.sides[which], nodes[0].layer
    dictionary = inquiry.dictionaries[layer]
    indices = [node.index for node in nodes]
    positions = inquiry.positions(which)
    at = [positions[node.column] for node in nodes]
    read = dictionary.W_enc[:, indices].T
    pre = (side.residuals[layer][at] * read).sum(-1) + dictionary.b_enc[indices]
    margins = (dictionary.threshold[indices] - pre).tolist()
    below = max((one for one in inquiry.dictionaries if one < layer), default=None)
    if below is None:
        return [_silent(node, which, margin, (), ()) for node, margin in zip(nodes, margins, strict=True)]
    firing = _firing(inquiry, which, below)
    senders, receivers = Senders(firing.writes, firing.positions), receivers_of(inquiry, which, nodes)
    if below == layer - 1:
        edges = next_block_edges(side, senders, receivers).weights
    else:
        edges = (yield from far_edges(inquiry, which, below, senders, receivers, looking=False)).weights
    found = []
    for n, (node, margin) in enumerate(zip(nodes, margins, strict=True)):
        order = edges[n].argsort()[:N_SUPPRESSORS].tolist()
        strongest = [place for place in order if edges[n, place] < 0]
        random = _others(firing, strongest, inquiry.request.seed + node.number)
        gains = _gains(side, (below, layer), at[n], read[n], firing, [*strongest, *random])
        suppressors = tuple(
            Suppressor(
                kind="sae",
                layer=below,
                index=int(firing.indices[place]),
                column=int(firing.columns[place]),
                predicted=rounded(edges[n, place].item()),
                measured=rounded(gain),
                fires=gain > margin,
            )
            for place, gain in zip(strongest, gains, strict=False)
        )
        found.append(_silent(node, which, margin, suppressors, gains[len(strongest) :]))
    return found


def _silent(
    node: ToldNode, which: int, margin: float, suppressors: tuple[Suppressor, ...], random: Sequence[float]
) -> SilentNode:
    return SilentNode(
        number=node.number,
        silent_in="a" if which == 0 else "b",
        margin=rounded(margin),
        held_down_by=suppressors,
        control=random_band(random),
    )


def _firing(inquiry: Inquiry, which: int, layer: int) -> _Firing:
    values = inquiry.activations[which][layer]
    columns, indices = values.nonzero(as_tuple=True)
    positions = torch.tensor(inquiry.positions(which), device=columns.device)[columns]
    written = values[columns, indices].unsqueeze(-1) * inquiry.dictionaries[layer].W_dec[indices]
    return _Firing(columns, positions, indices, written)


@torch.no_grad()
def _gains(
    side: PromptSide, layers: tuple[int, int], at: int, read: Tensor, firing: _Firing, ablated: list[int]
) -> list[float]:
    """Of the pre-activation, in the model, with each ablated alone."""
    below, layer = layers
    if not ablated:
        return []
    places = firing.positions[ablated]
    start = int(places.min())
    x = side.residuals[below][start:].expand(len(ablated), -1, -1).clone()
    x[torch.arange(len(ablated)), places - start] -= firing.writes[ablated]
    after = side.run(x, first=below + 1, end=layer + 1, start=start)[:, at - start] @ read
    return (after - side.residuals[layer][at] @ read).tolist()


def _others(firing: _Firing, strongest: list[int], seed: int) -> list[int]:
    """N_RANDOM of those that fire at the same tokens."""
    places = set(firing.columns[strongest].tolist())
    rest = [n for n, column in enumerate(firing.columns.tolist()) if column in places and n not in strongest]
    order = torch.randperm(len(rest), generator=torch.Generator().manual_seed(seed)).tolist()
    return [rest[n] for n in order[:N_RANDOM]]
