"""Who is asked when something is chosen, and who when it is reported. The two never share a name.

Knows splits; knows nothing about models.
"""

import random
from dataclasses import dataclass

from . import phrases
from .prompts import Prompt, all_questions, sampled
from .recipe import Recipe
from .world import SHOWN_KNOWN, Entity, World


@dataclass(frozen=True)
class Halves:
    """Chat questions about known entities and about unknown names."""

    known: list[Prompt]
    unknown: list[Prompt]


def half(recipe: Recipe, tokenizer, world: World, heldout: list[Entity], split: str) -> Halves:
    """`validation` or `test`. Known entities asked in chat tuning are dealt out to the two by seed."""
    dealer = random.Random(recipe.seed + 17)
    dealt = {
        e.name: "test" if e.name in SHOWN_KNOWN.values() or dealer.random() < 0.5 else "validation"
        for e in world.entities
        if e.split == "chat-train"
    }
    rng = random.Random(recipe.seed + (18 if split == "validation" else 19))
    known = [e for e in world.entities if e.tier == "known" and dealt.get(e.name, e.split) == split]
    unknown = [e for e in heldout if e.split == split]
    return Halves(one_question_each(tokenizer, known, rng), one_question_each(tokenizer, unknown, rng))


def one_question_each(
    tokenizer, entities: list[Entity], rng: random.Random, templates: dict = phrases.QUESTIONS
) -> list[Prompt]:
    """A random attribute of each, in a random phrasing."""
    out = []
    for entity in entities:
        out.append(rng.choice(all_questions(tokenizer, [entity], rng, templates=templates)))
    return out


def answered_by(prompts: list[Prompt], n: int, seed: int) -> list[Prompt]:
    return sampled(prompts, n, random.Random(seed))
