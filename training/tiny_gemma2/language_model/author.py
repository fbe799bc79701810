"""An author whose unknown names are as long, in tokens, as the known ones.

Joins the world, its sentences and a tokenizer; knows nothing about models.
"""

import random

from training.tiny_gemma2.language_model.tokenizer import n_tokens
from training.tiny_gemma2.world.documents import Author
from training.tiny_gemma2.world.entities import TYPES, TrainingWorld

# Each stream of documents has a generator of its own: seed + offset.
TOKENIZER, BASE, LATER, CHAT, VALIDATION, ACTIVATIONS = 11, 12, 13, 100, 200, 300


def plain_author(world: TrainingWorld, seed: int) -> Author:
    """For the tokenizer's own corpus, before tokens exist."""
    rng = random.Random(seed)
    return Author(world, rng, lambda kind: world.names.draw(kind, rng))


def matched_author(world: TrainingWorld, tokenizer, seed: int, bare_first: bool = False) -> Author:
    """Unknown names have the token lengths of the real known ones of their type."""
    rng = random.Random(seed)
    known: dict[str, int] = {}

    def length(name: str) -> int:
        if name not in known:
            known[name] = n_tokens(tokenizer, name)
        return known[name]

    real = {t: [length(e.name) for e in world.entities if e.type == t and not e.fictional] for t in TYPES}
    return Author(world, rng, lambda kind: world.names.draw(kind, rng, length, rng.choice(real[kind])), bare_first)
