"""Who is asked when something is chosen, and who when it is reported. The two never share a name.

Knows splits; knows nothing about models.
"""

import random
from dataclasses import dataclass

from training.tiny_gemma2.language_model.prompts import EntityPrompt, all_questions
from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.world import phrases, wording
from training.tiny_gemma2.world.entities import SHOWN_KNOWN, TrainingEntity, TrainingWorld


@dataclass(frozen=True)
class Halves:
    """Chat questions about known entities and about unknown names."""

    known: list[EntityPrompt]
    unknown: list[EntityPrompt]


def dealt_known(recipe: Recipe, world: TrainingWorld, split: str, asked: bool) -> list[TrainingEntity]:
    """Known entities of the half `split`, `validation` or `test`.

    asked   in chat tuning; those are dealt out to the two halves by seed
    """
    dealer = random.Random(recipe.seed + 17)
    dealt = {}
    for e in world.entities:
        if e.tier == "known" and e.split == "chat-train":
            first = dealer.random() < 0.5
            dealt[e.name] = "test" if first or e.name in SHOWN_KNOWN.values() else "validation"
    known = [e for e in world.entities if e.tier == "known" and (e.name in dealt) == asked]
    return [e for e in known if dealt.get(e.name, e.split) == split]


def half(recipe: Recipe, tokenizer, world: TrainingWorld, heldout: list[TrainingEntity], split: str) -> Halves:
    """`validation` or `test`."""
    rng = random.Random(recipe.seed + (18 if split == "validation" else 19))
    known = [e for asked in (True, False) for e in dealt_known(recipe, world, split, asked)]
    unknown = [e for e in heldout if e.split == split]
    return Halves(one_question_each(tokenizer, known, rng), one_question_each(tokenizer, unknown, rng))


def one_question_each(
    tokenizer, entities: list[TrainingEntity], rng: random.Random, templates: dict = wording.QUESTIONS
) -> list[EntityPrompt]:
    """A random attribute of each, in a random phrasing."""
    out = []
    for entity in entities:
        out.append(rng.choice(all_questions(tokenizer, [entity], rng, templates=templates)))
    return out


def statements(tokenizer, entities: list[TrainingEntity], rng: random.Random) -> list[EntityPrompt]:
    """ "The {type} NAME", as a document of the base model begins; the name's last token is the last."""
    out = []
    for entity in entities:
        head = len(tokenizer(f"The {entity.type}", add_special_tokens=False)["input_ids"])
        ids = tokenizer(f"The {entity.type} {entity.name}")["input_ids"]  # <bos> first
        out.append(EntityPrompt("", tuple(ids), head + 1, len(ids) - 1, entity, phrases.ATTRIBUTES[entity.type][0]))
    return out
