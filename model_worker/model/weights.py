"""A card's weights as a model that runs: the chat model's and its base's, read by one function. Where the chat model is
its base and a delta, both share every tensor that the delta leaves alone.

Knows nothing about tokenizers, dictionaries or requests.
"""

from dataclasses import dataclass
from pathlib import Path

import torch

from model_worker.model.checkpoint import Checkpoint, read_checkpoint
from model_worker.model.delta import LowRankDelta
from model_worker.model.gemma import Gemma
from model_worker.model.registry import RegistryRow
from model_worker.store.place import kept_sha256, whole_sha256
from protocol.vocabulary import MAX_NEW_TOKENS
from protocol.worker.models import ModelCard


@dataclass(frozen=True)
class Untuned:
    """Weights as they were fetched, not yet ready to run."""

    checkpoint: Checkpoint
    sha256: str  # of the files; of a published model, its commit


@dataclass(frozen=True)
class Weights:
    checkpoint: Checkpoint  # whose tensors `gemma` shares
    gemma: Gemma
    sha256: str
    base: Untuned | None = None  # where it is read with it: shares with `checkpoint` what the delta leaves alone


def load_weights(row: RegistryRow, device: str) -> Weights:
    """The chat model. Raises Refused or ValueError where weights are missing, and what transformers or the file system
    raise."""
    card = row.card
    found = _read(row, card.weights, device)
    if card.delta is None:
        itself = found if card.base == card.weights else None
        return Weights(found.checkpoint, runnable(found.checkpoint, card), found.sha256, itself)
    if card.base not in (None, card.weights):
        raise ValueError(f"{card.id}: a delta is added to its base {card.base}, not to {card.weights}")
    delta = LowRankDelta(row.folder / card.delta)
    tuned = delta.added_to(found.checkpoint)
    return Weights(tuned, runnable(tuned, card), delta.sha256_with(found.sha256), found)


def load_base(row: RegistryRow, device: str) -> Untuned:
    """What a card calls its base, read by itself. Raises as `load_weights`."""
    if row.card.base is None:
        raise ValueError(f"{row.card.id} names no base")
    return _read(row, row.card.base, device)


def runnable(checkpoint: Checkpoint, card: ModelCard) -> Gemma:
    return Gemma(checkpoint, card.max_prompt_tokens + MAX_NEW_TOKENS)


def _read(row: RegistryRow, source: str, device: str) -> Untuned:
    place = row.place_of(source)
    try:
        checkpoint = read_checkpoint(place, getattr(torch, row.card.dtype), device)
    except ValueError as e:
        raise ValueError(f"{row.card.id}: {e}") from e
    if isinstance(place, Path):
        return Untuned(checkpoint, kept_sha256(place) or whole_sha256(place))
    return Untuned(checkpoint, checkpoint.commit or "unknown")
