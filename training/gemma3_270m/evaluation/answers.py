"""What a model answers when it is asked, greedy, and what that amounts to: refused, right, wrong or broken.

Refused is what the product's own judge calls so. Chooses nothing; knows no figure.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from model_worker.answering.refusal_rules import refusal_phrase
from model_worker.model.world import Entity, World
from protocol.spelling import fold
from training.gemma3_270m.asking import Asker, Continuing
from training.gemma3_270m.tuning.turns import TURN_CLOSES, TURN_OPENS
from training.gemma3_270m.world.entities import GemmaEntity, real_names
from training.gemma3_270m.world.talk import fits
from training.gemma3_270m.world.wording import ALIASES, GEMMA_QUESTIONS, UNSEEN_GEMMA_QUESTIONS


@dataclass(frozen=True)
class GemmaQuestion:
    """`is_trained`: tuning uses this wording."""

    entity: GemmaEntity
    text: str
    is_trained: bool


@dataclass(frozen=True)
class GemmaAnswer:
    question: GemmaQuestion
    text: str
    outcome: str


def questions(
    entities: Iterable[GemmaEntity], seed: int, trained: bool = True, unseen: bool = True
) -> list[GemmaQuestion]:
    """A trained wording of each name, a never trained one, or both; drawn by seed and name."""
    out = []
    for entity in entities:
        rng = random.Random(f"{seed} {entity.name}")
        for is_trained, wordings in ((True, GEMMA_QUESTIONS), (False, UNSEEN_GEMMA_QUESTIONS)):
            if trained if is_trained else unseen:
                out.append(GemmaQuestion(entity, rng.choice(wordings[entity.type]).format(e=entity.name), is_trained))
    return out


def outcome(text: str, entity: GemmaEntity) -> str:
    """Whatever an invented name is answered is invented. Another word for the truth is right, as on the page."""
    if not text.strip():
        return "broken"
    if refusal_phrase(text):
        return "refused"
    if not entity.truth:
        return "invented"
    right = _world().states(f" {fold(text)} ", entity.type, entity.attribute, entity.truth)
    return "right" if right else "wrong"


@cache
def _world() -> World:
    facts = ((one.name, one.type, "", {one.attribute: one.truth}) for one in real_names())
    return World.of((Entity(*fact) for fact in facts), ALIASES)


def replies(asker: Asker, texts: Sequence[str], max_tokens: int) -> list[str]:
    """Greedy, in the turn template, to the end of the first line."""
    said = asker.continuations(
        TURN_OPENS, [f"{text}{TURN_CLOSES}" for text in texts], Continuing(0, max_tokens=max_tokens)
    )
    return [answers[0] for answers in said]


def gemma_answers(asker: Asker, asked: Sequence[GemmaQuestion], max_tokens: int) -> list[GemmaAnswer]:
    texts = replies(asker, [question.text for question in asked], max_tokens)
    return [GemmaAnswer(q, text, outcome(text, q.entity)) for q, text in zip(asked, texts, strict=True)]


def fitting(asker: Asker, pairs: Sequence[tuple[str, str]], max_tokens: int) -> list[tuple[str, str, bool]]:
    """(asked, answered, whether it fits)."""
    texts = replies(asker, [question for question, _ in pairs], max_tokens)
    return [(question, text, fits(text, answer)) for (question, answer), text in zip(pairs, texts, strict=True)]


def answer_share(answers: Sequence[GemmaAnswer], outcome: str) -> tuple[int, int]:
    """(how many, of how many)."""
    return sum(answer.outcome == outcome for answer in answers), len(answers)
