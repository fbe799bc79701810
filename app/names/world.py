"""Search in a model's world: words in, a page of names out. Knows nothing about HTTP.

1. A name is found when each word of the query is part of the name or of one of its facts.
2. How it is typed makes no difference (protocol/spelling.py).
3. Names that are the query come first, then those that begin with it, then the world's own order.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar, get_args

from app.worker.client import WorkerClient
from protocol.base import Message, Name, Text
from protocol.refusal import Refused
from protocol.spelling import fold
from protocol.vocabulary import Tier
from protocol.worker.models import ModelCard
from protocol.worker.world import ModelWorld, WorldEntry

Word = TypeVar("Word", bound=str)
MAX_NAMES_SHOWN = 200
MAX_NEAR = 3
ALMOST = 0.8  # of the letters are the same, in order: a slip, not another name


@dataclass(frozen=True)
class WorldSearch:
    """`type` and `tier` None: any."""

    words: str = ""
    type: str | None = None
    tier: Tier | None = None
    offset: int = 0
    limit: int = 50


class WorldPage(Message):
    """Some of the names that were found. `types` counts them by type as if none were chosen, `tiers` likewise,
    so that each number says what choosing it would show. `n_entries` is the whole world, `by_type` counts it by type
    and tier; `n_known` those of its names that are known. `near`: real names that are spelled almost as the words,
    where none is found."""

    model: Name
    n_entries: int
    n_known: int
    total: int
    offset: int
    types: dict[Name, int]
    tiers: dict[Tier, int]
    by_type: dict[Name, dict[Tier, int]]
    questions: dict[Name, Text]
    entries: tuple[WorldEntry, ...]
    near: tuple[WorldEntry, ...] = ()


class Worlds:
    """Worlds as the worker tells them, made ready for searching once."""

    def __init__(self, worker: WorkerClient) -> None:
        self._worker = worker
        self._indexes: dict[str, Index] = {}

    async def whole(self, model: str) -> ModelWorld | None:
        """None where the model has no world, or its worker is away and never said it."""
        try:
            return await self._worker.world(model)
        except Refused:
            return None

    async def page(self, model: str, asked: WorldSearch) -> WorldPage:
        """Raises Refused (404, 422, 503)."""
        world = await self._worker.world(model)
        index = self._indexes.get(model)
        if index is None or index.world is not world:
            cards = (await self._worker.models()).models
            index = self._indexes[model] = Index(world, next((card for card in cards if card.id == model), None))
        return index.page(asked)


class Index:
    """One world with its folded text. `questions`, by type, are those of the card's examples."""

    def __init__(self, world: ModelWorld, card: ModelCard | None) -> None:
        self.world = world
        self._rows = [
            (entry, fold(entry.name), "\n".join(fold(text) for text in (entry.name, *entry.facts.values())))
            for entry in world.entries
        ]
        self._real = {name: entry for entry, name, _ in self._rows if entry.facts and not entry.fictional}
        self._types = tuple(dict.fromkeys(entry.type for entry in world.entries))
        here = {entry.tier for entry in world.entries}
        self._tiers = tuple(tier for tier in get_args(Tier) if tier in here)
        self._questions = _questions(world, card)

    def page(self, asked: WorldSearch) -> WorldPage:
        if asked.type is not None and asked.type not in self._types:
            raise Refused(
                422,
                "unknown_type",
                "A type was asked for that this world has not.",
                f"Its types are {', '.join(self._types)}.",
                "Choose one of them.",
            )
        whole = fold(asked.words)
        words = whole.split()
        found = [(entry, name) for entry, name, text in self._rows if all(word in text for word in words)]
        shown = [
            (entry, name)
            for entry, name in found
            if asked.type in (None, entry.type) and asked.tier in (None, entry.tier)
        ]
        if words:
            shown.sort(key=lambda row: (row[1] != whole, not row[1].startswith(whole)))
        return WorldPage(
            model=self.world.model,
            n_entries=len(self._rows),
            n_known=sum(entry.tier == "known" for entry, _, _ in self._rows),
            total=len(shown),
            offset=asked.offset,
            types=_counts(self._types, (e.type for e, _ in found if asked.tier in (None, e.tier))),
            tiers=_counts(
                self._tiers,
                (e.tier for e, _ in found if asked.type in (None, e.type)),
            ),
            by_type={
                kind: _counts(self._tiers, (e.tier for e in self.world.entries if e.type == kind))
                for kind in self._types
            },
            questions=self._questions,
            entries=tuple(entry for entry, _ in shown[asked.offset : asked.offset + asked.limit]),
            near=() if found else self._near(whole),
        )

    def _near(self, folded: str) -> tuple[WorldEntry, ...]:
        close = get_close_matches(folded, self._real, n=MAX_NEAR, cutoff=ALMOST)
        return tuple(self._real[name] for name in close)


def _counts(names: Iterable[Word], found: Iterable[Word]) -> dict[Word, int]:
    """Also of those that were not found: a filter that would show nothing says so."""
    counted = Counter(found)
    return {name: counted[name] for name in names}


def _questions(world: ModelWorld, card: ModelCard | None) -> dict[str, str]:
    """A prompt that the card gives as an example, by the type of the name in it, which {name} stands for."""
    types = {entry.name: entry.type for entry in reversed(world.entries)}
    questions: dict[str, str] = {}
    for example in (example for pair in (card.examples if card else ()) for example in pair):
        if example.name in types and example.name in example.prompt and "{" not in example.prompt:
            questions.setdefault(types[example.name], example.prompt.replace(example.name, "{name}"))
    return questions
