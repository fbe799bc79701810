"""What each node does to m by the graph: s = Δa · ∂m/∂a, by the gradient and by RelP, with what goes
through where heads look, and which nodes are told of.

    two sides   ½ (∂m_a + ∂m_b) · (a − b): to the gap m_a − m_b. A node silent on one side has its score like any other.
                Columns that only one side has stay out.
    one side    ∂m · a: to m

What no latent writes is a node too, one a column, of which a and b are norms. BOS stays out: its neurons make what
every prompt's heads rest on, which neither score sees.

Candidates are a layer's first by either score: the gradient ranks single nodes best, but halves those that matter
where the answer is saturated, which RelP doesn't (docs/LOG.md, Circuits). Knows nothing about frames.
"""

import itertools
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from model_worker.circuits.gradients import Gradients, gradients
from model_worker.circuits.inquiry import Inquiry
from model_worker.circuits.nodes import Told, ToldNode
from model_worker.circuits.rule import PLAIN, RELP_LOOKING
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
    kind = inquiry.node_kind
    for side in inquiry.sides:
        plain.append(gradients(side, inquiry.target, PLAIN))
        yield None
        of_relp.append(gradients(side, inquiry.target, RELP_LOOKING))
        yield None
    with torch.no_grad():
        layers = list(inquiry.activations[0])
        effect = {layer: node_effects(inquiry, plain, layer) for layer in layers}
        relp = {layer: node_effects(inquiry, of_relp, layer) for layer in layers}
        most = max(CANDIDATES, 2 * inquiry.request.n_nodes // max(1, len(layers)))
        of_layer = {layer: _candidates(kind, layer, effect[layer], relp[layer], most) for layer in layers}
        errors = [
            one
            for layer in inquiry.errors[0]
            for one in _candidates(
                "error", layer, error_effects(inquiry, plain, layer), error_effects(inquiry, of_relp, layer), most
            )
        ]
        told = _told(inquiry, [*itertools.chain.from_iterable(of_layer.values()), *errors])
    n_candidates = {layer: len(found) for layer, found in of_layer.items()}
    return NodeScores(effect, relp, tuple(plain), tuple(of_relp), n_candidates, told)


def node_effects(inquiry: Inquiry, found: list[Gradients], layer: int) -> Tensor:
    """(columns, n): gradient times what is between the sides, or times the activation."""
    slopes = [_slopes(inquiry, which, one, layer) for which, one in enumerate(found)]
    if len(slopes) == 1:
        effect = slopes[0] * inquiry.activations[0][layer]
        effect[0] = 0.0
        return effect
    a, b = (of_side[layer] for of_side in inquiry.activations)
    return 0.5 * (slopes[0] + slopes[1]) * (a - b) * inquiry.paired.unsqueeze(-1)


def _slopes(inquiry: Inquiry, which: int, found: Gradients, layer: int) -> Tensor:
    """∂m by a node's activation, (columns, n)."""
    if inquiry.request.basis == "neurons":
        return inquiry.in_columns(which, found.neurons[layer])
    return inquiry.in_columns(which, found.residuals[layer] @ inquiry.dictionaries[layer].W_dec.T)


def error_effects(inquiry: Inquiry, found: Sequence[Gradients], layer: int) -> Tensor:
    """(columns, 1): of what no latent writes."""
    slopes = [inquiry.in_columns(which, one.residuals[layer]) for which, one in enumerate(found)]
    errors = [of_side[layer] for of_side in inquiry.errors]
    if len(slopes) == 1:
        effect = (slopes[0] * errors[0]).sum(-1, keepdim=True)
    else:
        effect = 0.5 * ((slopes[0] + slopes[1]) * (errors[0] - errors[1])).sum(-1, keepdim=True)
        effect *= inquiry.paired.unsqueeze(-1)
    effect[0] = 0.0
    return effect


@dataclass(frozen=True)
class _Candidate:
    """leads: of its layer's first few."""

    leads: bool
    strength: float
    layer: int
    kind: NodeKind
    index: int
    column: int
    effect: float
    relp: float


def _candidates(kind: NodeKind, layer: int, effect: Tensor, relp: Tensor, most: int) -> list[_Candidate]:
    """The first by either score, (columns, n) each; the strongest first."""
    both = torch.stack([effect.flatten(), relp.flatten()])
    places = both.abs().topk(min(most, both.shape[1]), dim=1).indices.flatten().unique()
    places = places[both[:, places].abs().amax(0).argsort(descending=True)]
    found: list[_Candidate] = []
    for place, (of_effect, of_relp) in zip(places.tolist(), both[:, places].T.tolist(), strict=True):
        strength = max(abs(of_effect), abs(of_relp))
        column, index = divmod(place, effect.shape[1])
        leads = len(found) < LEAST_OF_LAYER and kind != "error"
        if strength > 0:
            found.append(_Candidate(leads, strength, layer, kind, index, column, of_effect, of_relp))
    return found


def _told(inquiry: Inquiry, candidates: Sequence[_Candidate]) -> Told:
    """Of each layer its first few, then the strongest of all."""
    chosen = sorted(candidates, key=lambda one: (one.leads, one.strength), reverse=True)[: inquiry.request.n_nodes]
    chosen.sort(key=lambda one: (-one.layer, -abs(one.effect)))
    nodes = []
    for number, one in enumerate(chosen):
        if one.kind == "error":
            values = [of_side[one.layer][one.column].norm().item() for of_side in inquiry.errors]
        else:
            values = [of_side[one.layer][one.column, one.index].item() for of_side in inquiry.activations]
        nodes.append(
            ToldNode(
                number=number,
                kind=one.kind,
                layer=one.layer,
                index=one.index,
                column=one.column,
                a=values[0],
                b=values[1] if len(values) > 1 else None,
                effect=one.effect,
                relp=one.relp,
            )
        )
    return Told(nodes)
