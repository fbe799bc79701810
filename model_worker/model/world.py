"""What is true in a model's world: entities, their types and facts. Used to judge answers, never to make them."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Entity:
    """`facts` is empty for a name that nothing is known about."""

    name: str
    type: str
    tier: str
    facts: dict[str, str]


@dataclass(frozen=True)
class World:
    """Entities by `key` of their name. A name can stand for two (a song and a movie)."""

    entities: dict[str, tuple[Entity, ...]] = field(default_factory=dict)

    def named(self, name: str) -> tuple[Entity, ...]:
        return self.entities.get(name_key(name), ())


def name_key(name: str) -> str:
    """One spelling for a name, however it is typed: case, spaces, curly apostrophes."""
    return " ".join(name.replace("’", "'").casefold().split())


def read_world(file: Path) -> World:
    """A JSON list of {name, type, tier, facts, ...}."""
    entities: dict[str, tuple[Entity, ...]] = {}
    for row in json.loads(file.read_text()):
        entity = Entity(row["name"], row["type"], row["tier"], row["facts"])
        entities[name_key(entity.name)] = (*entities.get(name_key(entity.name), ()), entity)
    return World(entities)
