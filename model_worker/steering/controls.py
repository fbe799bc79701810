"""What stands in for a push as its control: random directions of its norm, or random neurons like those it scales.

Knows nothing about what the push is for.
"""

from collections.abc import Sequence
from dataclasses import replace

from model_worker.model.loading import Loaded
from model_worker.neurons.matched import matched_sets
from model_worker.neurons.scaled import NeuronDelta
from model_worker.steering.random_directions import random_controls
from model_worker.steering.sites import AnyDelta


def stand_ins_of(loaded: Loaded, delta: AnyDelta, n: int, seed: int) -> Sequence[AnyDelta]:
    if isinstance(delta, NeuronDelta):
        return [replace(delta, neurons=own) for own in matched_sets(loaded, delta.neurons, seed, range(n))]
    return random_controls(delta, n, seed)
