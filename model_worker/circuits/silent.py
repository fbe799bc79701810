"""What fired on one side and not on the other, and what held it down there.

1. Of each layer the OF_LAYER told latents that decide most of those that fire on one side alone, at the name's last
   token or at the end. Margin: threshold − pre-activation on the side where it is silent.
2. The RelP edges into it from all latents of the layer below that fire there, of any token: the N_SUPPRESSORS most
   negative are its suppressors.
3. Each of them ablated in the model, one at a time, as are N_RANDOM others that fire at the suppressors' tokens: what
   the pre-activation gains, and whether the latent then fires.

Latents alone: neurons have no threshold. Layer below: the next that has a dictionary; by transcoders, of which a latent
acts on all layers above, every one below. Knows nothing about m.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.basis.direct_edges import reading_slopes, slopes_below
from model_worker.circuits.basis.reading import seen_by
from model_worker.circuits.edges import Senders, far_edges, next_block_edges, receivers_of
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.random_band import random_band
from model_worker.circuits.sequence_pass import Taps
from model_worker.rounding import rounded
from protocol.worker.circuit_frames import SilentNode, SilentNodes, Suppressor

OF_LAYER = 4
N_SUPPRESSORS = 3
N_RANDOM = 8


def silent_nodes(inquiry: Inquiry, told: Told) -> Generator[SilentNodes | None]:
    """Nothing of one prompt, or without dictionaries. One silent latent in one step."""
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
        if node.kind in ("sae", "tc")
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
    """Latents of layers that fire on a side: where, which, (n,) each; what they write, (n, d_model)."""

    layers: Tensor
    columns: Tensor
    positions: Tensor
    indices: Tensor
    writes: Tensor


def _held_down(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode]) -> Generator[None, None, list[SilentNode]]:
    """nodes: of one layer, silent on that side."""
    layer, dictionary = nodes[0].layer, inquiry.dictionaries[nodes[0].layer]
    indices = [node.index for node in nodes]
    positions = inquiry.positions(which)
    at = [positions[node.column] for node in nodes]
    read = dictionary.W_enc[:, indices].T
    pre = (_seen(inquiry, which, layer)[at] * read).sum(-1) + dictionary.b_enc[indices]
    margins = (dictionary.threshold[indices] - pre).tolist()
    below = [one for one in inquiry.dictionaries if one < layer]
    if not below:
        return [_silent(node, which, margin, (), ()) for node, margin in zip(nodes, margins, strict=True)]
    if inquiry.request.basis == "transcoder":
        firing = _firing(inquiry, which, below)
        edges = _direct(inquiry, which, nodes, firing)
    else:
        firing = _firing(inquiry, which, [max(below)])
        edges = yield from _through_blocks(inquiry, which, nodes, firing)
    found = []
    for n, (node, margin) in enumerate(zip(nodes, margins, strict=True)):
        order = edges[n].argsort()[:N_SUPPRESSORS].tolist()
        strongest = [place for place in order if edges[n, place] < 0]
        random = _others(firing, strongest, inquiry.request.seed + node.number)
        gains = _gains(inquiry, which, node, read[n], firing, [*strongest, *random])
        yield None
        suppressors = tuple(
            Suppressor(
                kind=node.kind,
                layer=int(firing.layers[place]),
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


def _through_blocks(
    inquiry: Inquiry, which: int, nodes: Sequence[ToldNode], firing: _Firing
) -> Generator[None, None, Tensor]:
    """RelP edges (nodes, firing), from latents of one layer."""
    senders, receivers = Senders(firing.writes, firing.positions), receivers_of(inquiry, which, nodes)
    below = int(firing.layers[0]) if len(firing.layers) else receivers.layer - 1
    if below == receivers.layer - 1:
        return next_block_edges(inquiry.sides[which], senders, receivers).weights
    return (yield from far_edges(inquiry, which, below, senders, receivers, looking=False)).weights


@torch.no_grad()
def _direct(inquiry: Inquiry, which: int, nodes: Sequence[ToldNode], firing: _Firing) -> Tensor:
    """Direct edges (nodes, firing), from transcoder latents of all layers below."""
    side, layer, positions = inquiry.sides[which], nodes[0].layer, inquiry.positions(which)
    index = torch.tensor([node.index for node in nodes], device=firing.layers.device)
    at = torch.tensor([positions[node.column] for node in nodes], device=firing.layers.device)
    edges = torch.zeros(len(nodes), len(firing.layers), device=firing.layers.device)
    for below, slopes in slopes_below(inquiry, side, layer, reading_slopes(inquiry, side, layer, index, at)):
        own = firing.layers == below
        edges[:, own] = (slopes[:, firing.positions[own]] * firing.writes[own]).sum(-1)
    return edges


def _firing(inquiry: Inquiry, which: int, layers: Sequence[int]) -> _Firing:
    parts = []
    for layer in layers:
        values = inquiry.activations[which][layer]
        columns, indices = values.nonzero(as_tuple=True)
        positions = torch.tensor(inquiry.positions(which), device=columns.device)[columns]
        written = values[columns, indices].unsqueeze(-1) * inquiry.dictionaries[layer].W_dec[indices]
        parts.append((torch.full_like(columns, layer), columns, positions, indices, written))
    return _Firing(*(torch.cat(one) for one in zip(*parts, strict=True)))


def _seen(inquiry: Inquiry, which: int, layer: int) -> Tensor:
    """What a layer's dictionary reads on a side, (pos, d_model)."""
    side = inquiry.sides[which]
    return seen_by(inquiry.dictionaries[layer], inquiry.gemma.blocks[layer], side.residuals[layer], side.mids[layer])


@torch.no_grad()
def _gains(
    inquiry: Inquiry, which: int, node: ToldNode, read: Tensor, firing: _Firing, ablated: list[int]
) -> list[float]:
    """Of the node's pre-activation, in the model, with each ablated alone."""
    side, at = inquiry.sides[which], inquiry.positions(which)[node.column]
    dictionary, block = inquiry.dictionaries[node.layer], inquiry.gemma.blocks[node.layer]
    before = _seen(inquiry, which, node.layer)[at] @ read
    gains = torch.zeros(len(ablated), device=read.device)
    layers = firing.layers[ablated]
    mids: list[Tensor] = []

    def mid(_layer: int, x: Tensor) -> Tensor:
        mids[:] = [x]
        return x

    for below in layers.unique().tolist():
        rows = (layers == below).nonzero().squeeze(-1)
        some = torch.tensor(ablated, device=read.device)[rows]
        places = firing.positions[some]
        start = int(places.min())
        x = side.residuals[below][start:].expand(len(some), -1, -1).clone()
        x[torch.arange(len(some)), places - start] -= firing.writes[some]
        x = side.run(x, first=below + 1, end=node.layer + 1, start=start, taps=Taps(mid=mid))
        gains[rows] = seen_by(dictionary, block, x[:, at - start], mids[0][:, at - start]) @ read - before
    return gains.tolist()


def _others(firing: _Firing, strongest: list[int], seed: int) -> list[int]:
    """N_RANDOM of those that fire at the same tokens."""
    places = set(firing.columns[strongest].tolist())
    rest = [n for n, column in enumerate(firing.columns.tolist()) if column in places and n not in strongest]
    order = torch.randperm(len(rest), generator=torch.Generator().manual_seed(seed)).tolist()
    return [rest[n] for n in order[:N_RANDOM]]
