"""The dictionaries of a card, or its transcoders, each loaded when somebody first asks for it, and then kept.

A card may name one for every layer: those of Gemma 2 2B would take eight gigabytes, and most answers need two.
Loading belongs on the torch thread, as all reading does; which ones there are is known without it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from model_worker.model.sae import Dictionary
from protocol.refusal import Refused
from protocol.steering import LatentTarget, Target
from protocol.worker.models import DictionaryCard, ModelCard

log = logging.getLogger(__name__)


AnyDictionary = TypeVar("AnyDictionary", bound=Dictionary)


class Dictionaries(Mapping[str, AnyDictionary]):
    """By id, in the order of their cards. To load one raises Refused (422) where it can't be read or isn't what its
    card says. read: load_dictionary, or load_transcoder."""

    def __init__(self, cards: Iterable[DictionaryCard], read: Callable[[DictionaryCard], AnyDictionary]) -> None:
        self._cards: dict[str, DictionaryCard] = {one.id: one for one in cards}
        self._read_one = read
        self._loaded: dict[str, AnyDictionary] = {}

    def __getitem__(self, name: str) -> AnyDictionary:
        self.load((name,))
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def __contains__(self, name: object) -> bool:
        return name in self._cards  # a Mapping's own would load it

    def load(self, names: Iterable[str]) -> None:
        """Those that aren't yet."""
        for name in names:
            if name not in self._loaded:
                self._loaded[name] = self._read(self._cards[name])

    def _read(self, card: DictionaryCard) -> AnyDictionary:
        try:
            return self._read_one(card)
        except Refused:
            raise
        except Exception as error:  # sae-lens, the hub and the file system have many
            log.exception("the dictionary %s can't be read from %s", card.id, card.source)
            raise Refused(
                422,
                "dictionary_unreadable",
                f"The dictionary {card.id} asked.",
                f"It can't be read from {card.source}: {type(error).__name__}. The worker's log says more.",
                "Mend its source, or ask about another dictionary.",
            ) from error


def in_use(card: ModelCard) -> frozenset[str]:
    """Those that the card's own sliders and watched latents read: a model is ready once it has them."""
    targets: list[Target] = [one.target for one in (*card.directions, *card.more_directions)]
    targets += [one.target for one in card.watch]
    return frozenset(target.dictionary for target in targets if isinstance(target, LatentTarget))
