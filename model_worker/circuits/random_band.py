"""What random controls did, as a band. Knows nothing about what they stand beside."""

from collections.abc import Sequence

import torch
from torch import Tensor

from model_worker.rounding import rounded
from protocol.vocabulary import BAND, MIN_BAND
from protocol.worker.circuit_frames import RandomBand


def random_band(of: Tensor | Sequence[float]) -> RandomBand | None:
    """of (n,). None for none. Of fewer than MIN_BAND the least and the most."""
    values = torch.as_tensor(of, dtype=torch.float32)
    n = len(values)
    if not n:
        return None
    low, high = torch.quantile(values, values.new_tensor(BAND if n >= MIN_BAND else (0.0, 1.0))).tolist()
    return RandomBand(n=n, mean=rounded(values.mean().item()), low=rounded(low), high=rounded(high))
