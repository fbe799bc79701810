"""Whom pushes are tried on: names by the base's own label and split, each with a question, as the engine reads it.

Also how long residuals are at names' last tokens, by both rulers. Knows nothing about directions.
"""

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from model_worker.engine import Engine
from training.gemma3_270m.directions.naming import Named
from training.gemma3_270m.steering.pushed import NameQuestion, name_question

MAIN = ("player", "city", "movie", "song")


def carded_names(card: Path) -> list[Named]:
    """Of the card's world."""
    rows = json.loads((card / "entities.json").read_text())
    return [Named(row["name"], row["type"], row["tier"], next(iter(row["facts"].values()), "")) for row in rows]


def questions_about(
    engine: Engine,
    names: Iterable[Named],
    wordings: Mapping[str, Sequence[str]],
    n: int,
    seed: int,
    *,
    tiers: Sequence[str],
    splits: Sequence[str],
    types: Sequence[str],
) -> list[NameQuestion]:
    """At most n a type, each in a random wording."""
    rng = random.Random(seed)
    out = []
    for kind in types:
        fitting = [x for x in names if x.type == kind and x.tier in tiers and x.split in splits]
        for one in rng.sample(fitting, min(n, len(fitting))):
            out.append(name_question(engine, one, rng.choice(list(wordings[kind])).replace("{e}", one.name)))
    return out


def norms_at_names(
    engine: Engine, questions: Sequence[NameQuestion], massive: Mapping[int, Sequence[int]]
) -> tuple[tuple[float, ...], dict[int, float]]:
    """r by layer; and, of the layers in `massive`, r without those dimensions."""
    n_layers = engine.loaded.card.n_layers
    at: dict[int, list[torch.Tensor]] = {layer: [] for layer in range(n_layers)}
    for one in questions:
        state = engine.prompts.state(one.tokens.ids)
        for layer in range(n_layers):
            at[layer].append(state.residuals[layer][one.tokens.entity.end - 1].float())
    stacked = {layer: torch.stack(rows) for layer, rows in at.items()}
    without = {}
    for layer, dimensions in massive.items():
        others = stacked[layer].clone()
        others[:, list(dimensions)] = 0
        without[layer] = round(float(others.norm(dim=-1).mean()), 2)
    return tuple(round(float(stacked[layer].norm(dim=-1).mean()), 2) for layer in range(n_layers)), without
