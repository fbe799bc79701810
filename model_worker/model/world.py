"""What is true in a model's world: entities, their types and facts. Used to judge answers, never to make them."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path

from protocol.spelling import fold


@dataclass(frozen=True)
class Entity:
    """`facts` is empty for a name that nothing is known about."""

    name: str
    type: str
    tier: str
    facts: dict[str, str]


@dataclass(frozen=True)
class World:
    """Entities by the one spelling of their name. A name can stand for two (a song and a movie)."""

    entities: dict[str, tuple[Entity, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, entities: Iterable[Entity]) -> "World":
        found: dict[str, tuple[Entity, ...]] = defaultdict(tuple)
        for entity in entities:
            found[fold(entity.name)] += (entity,)
        return cls(dict(found))

    def named(self, name: str) -> tuple[Entity, ...]:
        """However it is typed."""
        return self.entities.get(fold(name), ())

    def states(self, folded: str, kind: str, attribute: str, value: str) -> bool:
        """Whether the text, folded, holds this value of an attribute, and not within a longer one: "in Equatorial
        Guinea" is not in Guinea."""
        plain = fold(value)
        for other in self._values.get((kind, attribute), {}):
            if other != plain and f" {plain} " in f" {other} ":
                folded = folded.replace(f" {other} ", "  ")
        return f" {plain} " in folded

    def stated(self, folded: str, kind: str, attribute: str) -> str | None:
        """The longest value that this attribute has of any name of that type and that the text, folded, holds."""
        held = (value for plain, value in self._values.get((kind, attribute), {}).items() if f" {plain} " in folded)
        return max(held, key=len, default=None)

    def may_begin(self, word: str) -> bool:
        """Does a name begin with this word? An initial may stand apart from the next one."""
        first = fold(word).split()[:1]
        return bool(first) and (len(first[0]) == 1 or first[0] in self._heads)

    @cached_property
    def _values(self) -> dict[tuple[str, str], dict[str, str]]:
        """By type and attribute: as they are written, by their one spelling."""
        found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for entity in chain.from_iterable(self.entities.values()):
            for attribute, value in entity.facts.items():
                found[entity.type, attribute].setdefault(fold(value), value)
        return found

    @cached_property
    def longest(self) -> int:
        """Words, where each initial is one."""
        return max((len(name.split()) + name.count(".") for name in self._names), default=0)

    @cached_property
    def _names(self) -> list[str]:
        return [entity.name.replace("-", " ") for namesakes in self.entities.values() for entity in namesakes]

    @cached_property
    def _heads(self) -> frozenset[str]:
        return frozenset(name.split()[0] for name in self.entities if name)


def read_world(file: Path) -> World:
    """A JSON list of {name, type, tier, facts, ...}."""
    rows = json.loads(file.read_text())
    return World.of(Entity(row["name"], row["type"], row["tier"], row["facts"]) for row in rows)
