"""Residuals of a model at names' last tokens, at every layer, kept in a file with the names and their labels.

Knows nothing about what is found there.
"""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from training.gemma3_270m.directions.naming import Named

RECALLED, RECOGNISED_TYPES = ("player", "city", "country", "person"), ("movie", "song")
"""Types with enough names that the base is always right about; and those that have hardly any."""
FEWEST = 20


@dataclass(frozen=True)
class NameReadings:
    """by_layer: (names, d_model) each."""

    names: tuple[Named, ...]
    by_layer: dict[int, Tensor]

    @cached_property
    def softened(self) -> tuple[Named, ...]:
        """As labelled, but for films and songs, of which the base is always right about next to none: whoever it is
        sometimes right about counts as known there."""
        return tuple(
            replace(n, tier="known") if n.tier == "unsure" and n.type in RECOGNISED_TYPES else n for n in self.names
        )

    @cached_property
    def labelled_types(self) -> tuple[str, ...]:
        """With names enough on both sides to choose by."""
        count = {
            (n.type, n.tier): sum(m.type == n.type and m.tier == n.tier for m in self.softened) for n in self.softened
        }
        both = dict.fromkeys(kind for kind, _ in count)
        return tuple(t for t in both if min(count.get((t, s), 0) for s in ("known", "unknown")) >= FEWEST)

    def save(self, file: Path) -> None:
        torch.save({"names": [asdict(n) for n in self.names], "by_layer": self.by_layer}, file)

    @classmethod
    def load(cls, file: Path) -> "NameReadings":
        kept = torch.load(file)
        return cls(tuple(Named(**n) for n in kept["names"]), kept["by_layer"])


def relabelled(readings: NameReadings, tiers: dict[str, str]) -> NameReadings:
    """tiers: by name, of real ones."""
    return replace(readings, names=tuple(replace(n, tier=tiers.get(n.name, n.tier)) for n in readings.names))
