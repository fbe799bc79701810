"""Neurons that a request scales: which ones, and at which positions.

Knows nothing about passes, or how a control is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from model_worker.model.loading import Loaded
from model_worker.neurons.matched import matched_sets
from model_worker.neurons.scaled import NeuronDelta
from model_worker.steering.interventions import pushed_positions
from protocol.refusal import Refused
from protocol.steering import NeuronSetTarget, NeuronTarget, RandomTarget, Steering
from protocol.vocabulary import Role
from protocol.worker.frames import SteeringUsed
from protocol.worker.tokens import EntityTokens, Token


@dataclass(frozen=True)
class NeuronIntervention:
    """As Intervention; norm: of all rows of down_proj together."""

    label: str
    neurons: tuple[tuple[int, int], ...]
    norm: float
    residual_norm: float | None
    positions: tuple[int, ...]
    generated: bool
    role: Role = "other"

    def alpha(self, strength: float) -> float:
        return strength

    def delta(self, strength: float) -> NeuronDelta:
        return NeuronDelta(self.neurons, self.positions, self.generated, strength)

    def used(self) -> SteeringUsed:
        layer = min(layer for layer, _ in self.neurons)
        return SteeringUsed(
            role=self.role,
            label=self.label,
            layer=layer,
            paper_layer=layer + 1,
            norm=self.norm,
            residual_norm=self.residual_norm,
            positions=self.positions,
            neurons=self.neurons,
        )


def resolved_neurons(
    loaded: Loaded, steering: Steering, entity: EntityTokens, tokens: Sequence[Token]
) -> NeuronIntervention:
    """Raises Refused (422) for neurons that this model doesn't have, or positions outside the prompt."""
    drawn = steering.target if isinstance(steering.target, RandomTarget) else None
    target = steering.target if drawn is None else drawn.like
    assert isinstance(target, NeuronTarget | NeuronSetTarget)
    require_neurons(loaded, target.pairs)
    neurons, label = target.pairs, "" if isinstance(target, NeuronTarget) else target.name or ""
    if drawn is not None:
        (neurons,) = matched_sets(loaded, neurons, drawn.seed, (drawn.index,))
        label = f"Random neurons {drawn.index}"
    rows = [loaded.gemma.blocks[layer].down[index] for layer, index in neurons]
    norms = loaded.card.residual_norm
    return NeuronIntervention(
        label=label,
        neurons=neurons,
        norm=sum(row.float().square().sum().item() for row in rows) ** 0.5,
        residual_norm=norms[min(layer for layer, _ in neurons)] if norms else None,
        positions=pushed_positions(steering, entity, tokens),
        generated=steering.generated,
    )


def require_neurons(loaded: Loaded, neurons: Sequence[tuple[int, int]]) -> None:
    """Raises Refused (422) for those that this model doesn't have."""
    n_layers, d_mlp = loaded.gemma.n_layers, loaded.gemma.blocks[0].down.shape[0]
    for layer, index in neurons:
        if layer >= n_layers or index >= d_mlp:
            raise Refused(
                422,
                "unknown_neuron",
                f"Neuron {index} of layer {layer} asked.",
                f"It has layers 0 to {n_layers - 1}, and in each neurons 0 to {d_mlp - 1}.",
                "Choose one of them.",
            )
