"""Random neurons in the place of chosen ones: of the same layers, and each of about the same usual share.

Which share is usual: shares.py, on the card's example questions. In the
place of each chosen neuron stands one of the NEAREST others of its layer by that share, in logs, drawn from a seed; no
chosen one ever does, and none stands twice. Knows nothing about what the neurons were chosen for.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from model_worker.draw import draw
from model_worker.model.loading import Loaded
from model_worker.neurons.shares import usual_shares
from protocol.refusal import Refused

NEAREST = 25
LEAST_SHARE = 1e-12

Pairs = tuple[tuple[int, int], ...]


def matched_sets(loaded: Loaded, chosen: Sequence[tuple[int, int]], seed: int, indices: Iterable[int]) -> list[Pairs]:
    """The sets at these indices of those that are drawn from this seed: each the same however many are drawn. Raises
    Refused (422) where a layer has too few others."""
    shares = [np.log(own + LEAST_SHARE) for own in usual_shares(loaded)]
    return [_drawn(shares, chosen, seed, index) for index in indices]


def _drawn(shares: Sequence[np.ndarray], chosen: Sequence[tuple[int, int]], seed: int, index: int) -> Pairs:
    taken, found = set(chosen), []
    for place, (layer, neuron) in enumerate(chosen):
        away = np.abs(shares[layer] - shares[layer][neuron])
        near = (int(other) for other in np.argsort(away, kind="stable"))
        pool = [(layer, other) for other in near if (layer, other) not in taken][:NEAREST]
        if not pool:
            raise Refused(
                422,
                "no_control",
                f"Random neurons in the place of {len(chosen)} asked.",
                f"Layer {layer} has {len(away)} neurons, which are too few for as many others.",
                "Choose fewer neurons of it, or ask for no controls.",
            )
        drawn = pool[int(draw(seed, "neurons", str(index), str(place)) * len(pool))]
        taken.add(drawn)
        found.append(drawn)
    return tuple(found)
