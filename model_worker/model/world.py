"""What is true in a model's world: entities, their types and facts. Used to judge answers, never to make them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
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
    """Entities by the one spelling of their name. A name can stand for two (a song and a movie).
    other_words: what else counts as a value, such as USA for United States; it may count as two."""

    entities: dict[str, tuple[Entity, ...]] = field(default_factory=dict)
    other_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, entities: Iterable[Entity], other_words: Mapping[str, tuple[str, ...]] | None = None) -> "World":
        found: dict[str, tuple[Entity, ...]] = defaultdict(tuple)
        for entity in entities:
            found[fold(entity.name)] += (entity,)
        return cls(dict(found), other_words or {})

    def named(self, name: str) -> tuple[Entity, ...]:
        """However it is typed."""
        return self.entities.get(fold(name), ())

    def states(self, folded: str, kind: str, attribute: str, value: str) -> bool:
        """Whether the text, folded, holds this value of an attribute or another word for it, and not within a longer
        value: "in Equatorial Guinea" is not in Guinea, "plays American football" is no soccer."""
        own = {fold(word) for word in self._words(value)}
        for other in self._values.get((kind, attribute), {}):
            if other not in own and any(f" {word} " in f" {other} " for word in own):
                folded = folded.replace(f" {other} ", "  ")
        return any(f" {word} " in folded for word in own)

    def stated(self, folded: str, kind: str, attribute: str) -> str | None:
        """What the text, folded, states of this attribute, as the world writes it: of all values that names of that
        type have, the one with the longest word in it. A word for two values is returned itself."""
        held = [plain for plain in self._values.get((kind, attribute), {}) if f" {plain} " in folded]
        return self._values[kind, attribute][max(held, key=len)] if held else None

    def may_begin(self, word: str) -> bool:
        """Does a name begin with this word? An initial may stand apart from the next one."""
        first = fold(word).split()[:1]
        return bool(first) and (len(first[0]) == 1 or first[0] in self._heads)

    @cached_property
    def _values(self) -> dict[tuple[str, str], dict[str, str]]:
        """By type and attribute: as they are written, by the one spelling of each word for them. A value's own word is
        that value's, whatever else it may stand for."""
        own: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for entity in chain.from_iterable(self.entities.values()):
            for attribute, value in entity.facts.items():
                own[entity.type, attribute].setdefault(fold(value), value)
        return {asked: self._other_words_of(values.values()) | values for asked, values in own.items()}

    def _words(self, value: str) -> tuple[str, ...]:
        return (value, *self.other_words.get(value, ()))

    def _other_words_of(self, values: Iterable[str]) -> dict[str, str]:
        """By spelling: the value, or the word itself where it stands for two."""
        found: dict[str, str] = {}
        for value in values:
            for word in self.other_words.get(value, ()):
                found[fold(word)] = word if fold(word) in found else value
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


def read_world(file: Path, other_words: Mapping[str, tuple[str, ...]] | None = None) -> World:
    """A JSON list of {name, type, tier, facts, ...}."""
    rows = json.loads(file.read_text())
    return World.of((Entity(row["name"], row["type"], row["tier"], row["facts"]) for row in rows), other_words)
