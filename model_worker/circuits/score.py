"""What each node does to m by the graph: s = Δa · ∂m/∂a, by the gradient and by RelP, and which nodes are told of.

    two sides   ½ (∂m_a + ∂m_b) · (a − b): to the gap m_a − m_b. A node silent on one side has its score like any other.
                Columns that only one side has stay out.
    one side    ∂m · a: to m

Candidates are a layer's first by either score: the gradient ranks single nodes best, but halves those that matter
where the answer is saturated, which RelP doesn't (docs/LOG.md, Circuits). Knows nothing about frames.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.gradients import Gradients, gradients
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.rule import PLAIN, RELP
from protocol.circuit import NodeKind

CANDIDATES = 40
"""Of a layer and a score, at least."""
LEAST_OF_LAYER = 4
"""A layer is told of by so many nodes at least, if it has them: else edges would end in it."""


@dataclass(frozen=True)
class NodeScores:
    """By layer (columns, n): what nodes do to the gap, or to m. plain, relp: gradients by side."""

    effect: Mapping[int, Tensor]
    relp: Mapping[int, Tensor]
    plain: tuple[Gradients, ...]
    of_relp: tuple[Gradients, ...]
    n_candidates: Mapping[int, int]
    told: Told


def score(inquiry: Inquiry) -> Generator[None, None, NodeScores]:
    """A pass forward and back between two Nones."""
    plain, of_relp = [], []
    for side in inquiry.sides:
        plain.append(gradients(side, inquiry.target, PLAIN))
        yield None
        of_relp.append(gradients(side, inquiry.target, RELP))
        yield None
    with torch.no_grad():
        layers = list(inquiry.activations[0])
        effect = {layer: node_effects(inquiry, plain, layer) for layer in layers}
        relp = {layer: node_effects(inquiry, of_relp, layer) for layer in layers}
        n_candidates, told = _told(inquiry, effect, relp)
    return NodeScores(effect, relp, tuple(plain), tuple(of_relp), n_candidates, told)


def node_effects(inquiry: Inquiry, found: list[Gradients], layer: int) -> Tensor:
    """(columns, n): gradient times what is between the sides, or times the activation."""
    slopes = [_slopes(inquiry, which, one, layer) for which, one in enumerate(found)]
    if len(slopes) == 1:
        return slopes[0] * inquiry.activations[0][layer]
    a, b = (of_side[layer] for of_side in inquiry.activations)
    return 0.5 * (slopes[0] + slopes[1]) * (a - b) * inquiry.paired.unsqueeze(-1)


def _slopes(inquiry: Inquiry, which: int, found: Gradients, layer: int) -> Tensor:
    """∂m by a node's activation, (columns, n)."""
    if inquiry.request.basis == "neurons":
        return inquiry.in_columns(which, found.neurons[layer])
    return inquiry.in_columns(which, found.residuals[layer] @ inquiry.dictionaries[layer].W_dec.T)


def node_kind(inquiry: Inquiry) -> NodeKind:
    return "mlp" if inquiry.request.basis == "neurons" else "sae"


def _told(inquiry: Inquiry, effect: Mapping[int, Tensor], relp: Mapping[int, Tensor]) -> tuple[dict[int, int], Told]:
    """How many candidates a layer has, and those that are told of: of each layer its first few, then the strongest."""
    n_nodes, kind = inquiry.request.n_nodes, node_kind(inquiry)
    most = max(CANDIDATES, 2 * n_nodes // max(1, len(effect)))
    ranked: list[tuple[bool, float, int, int]] = []  # of the first few, strength, layer, place
    for layer, own in effect.items():
        both = torch.stack([own.flatten(), relp[layer].flatten()]).abs()
        k = min(most, both.shape[1])
        places = both.topk(k, dim=1).indices.flatten().unique()
        strength = both[:, places].amax(0)
        order = strength.argsort(descending=True)
        found = zip(strength[order].tolist(), places[order].tolist(), strict=True)
        ranked += [(rank < LEAST_OF_LAYER, size, layer, place) for rank, (size, place) in enumerate(found) if size > 0]
    chosen = sorted(ranked, key=lambda one: one[:2], reverse=True)[:n_nodes]
    chosen.sort(key=lambda one: (-one[2], -abs(effect[one[2]].flatten()[one[3]].item())))
    nodes = []
    for number, (_, _, layer, place) in enumerate(chosen):
        column, index = divmod(place, effect[layer].shape[1])
        values = [of_side[layer][column, index].item() for of_side in inquiry.activations]
        nodes.append(
            ToldNode(
                number=number,
                kind=kind,
                layer=layer,
                index=index,
                column=column,
                a=values[0],
                b=values[1] if len(values) > 1 else None,
                effect=effect[layer][column, index].item(),
                relp=relp[layer][column, index].item(),
            )
        )
    n_candidates = {layer: sum(one[2] == layer for one in ranked) for layer in effect}
    return n_candidates, Told(nodes)
