"""The model that the loaded one was tuned from: loaded when a study first asks for it, and then kept. Where the loaded
one is the base's weights and a delta, nothing is read again.

It shares the loaded one's tokenizer. Knows nothing about what is read from it.
"""

from dataclasses import dataclass

from model_worker.model.gemma import Gemma
from model_worker.model.loading import Loaded
from model_worker.model.registry import RegistryRow
from model_worker.model.weights import load_base, runnable
from protocol.refusal import Refused
from protocol.worker.ran import ModelUsed


@dataclass(frozen=True)
class Part:
    """Weights that can be read: of the chat model or of its base."""

    gemma: Gemma
    used: ModelUsed


class Base:
    """`part()` loads it, which may take as long as loading a model does."""

    def __init__(self, loaded: Loaded, row: RegistryRow | None) -> None:
        self._loaded = loaded
        self._row = row
        self._part: Part | None = None

    def part(self) -> Part:
        """Raises Refused (422) where the card names none."""
        if self._part is None:
            self._part = self._load()
        return self._part

    def _load(self) -> Part:
        card, device = self._loaded.card, self._loaded.device
        if card.base is None or self._row is None:
            raise Refused(
                422,
                "no_base_model",
                f"The base model of {card.id} asked.",
                "Its card names none.",
                "Read the chat model instead, or add `base` to the card.",
            )
        base = self._loaded.base or load_base(self._row, device)
        used = ModelUsed(id=f"{card.id}, base", sha256=base.sha256, dtype=card.dtype, device=device)
        same = base.checkpoint is self._loaded.checkpoint
        return Part(self._loaded.gemma if same else runnable(base.checkpoint, card), used)
