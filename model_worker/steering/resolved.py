"""From an intervention of a request to what it does in this model, along a direction or on neurons.

Knows nothing about passes.
"""

from collections.abc import Sequence

from model_worker.model.loading import Loaded
from model_worker.steering.interventions import Intervention, resolved_direction
from model_worker.steering.neuron_interventions import NeuronIntervention, resolved_neurons
from protocol.steering import Steering
from protocol.worker.tokens import EntityTokens, Token

AnyIntervention = Intervention | NeuronIntervention


def resolve(loaded: Loaded, steering: Steering, entity: EntityTokens, tokens: Sequence[Token]) -> AnyIntervention:
    """Raises Refused for what this model can't do."""
    how = resolved_neurons if steering.on_neurons else resolved_direction
    return how(loaded, steering, entity, tokens)
