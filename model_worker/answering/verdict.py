"""What does a whole answer amount to? Refused, right, wrong, invented, answered or broken.

Rules, in order; the first that decides is reported. White space around the answer counts for none of them.
1. nothing but white space: broken.
2. small talk by the card's grammar: answered, states no fact.
3. its first sentence says that the speaker doesn't know, can't tell or needs more, or that there is no such thing
   (`refusal_phrase`, ours, which says it exactly): refused.
4. no end within the token limit: broken. (After 3: a refusal that ran out of tokens is still a refusal.)
5. a raw completion has no form to keep: right if it holds a fact of the entity, else answered, not judged further.
6. outside the card's grammar of facts, if it has one: broken.
7. no name found in the question: answered.
8. the world doesn't list the name: invented if it is closed, else answered, truth not known here.
   It lists it without any fact: invented.
9. the world holds a fact that was asked for: right if the answer holds one as a whole word, else wrong.
   It holds none that was asked for: answered.

The paper's rule (`paper_phrase`, on the text as it came) decides nothing; it is reported beside every outcome.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model_worker.answering.refusal_rules import paper_phrase, refusal_phrase
from model_worker.model.world import Entity
from protocol.spelling import fold
from protocol.vocabulary import Outcome
from protocol.worker.models import ModelCard


@dataclass(frozen=True)
class Judged:
    """`phrase` is the part of the text, or the fact, that decided. `paper_phrase` is what makes the text a refusal by
    the paper's rule, whatever the outcome; None if nothing does."""

    outcome: Outcome
    rule: str
    phrase: str | None
    paper_phrase: str | None


def judge(
    text: str, *, finished: bool, raw: bool, prompt: str, named: bool, entities: tuple[Entity, ...], card: ModelCard
) -> Judged:
    """`finished`: the model ended the answer itself. `raw`: the prompt had no chat template.
    `named`: the prompt asks about a name. `entities`: what the world says of it, perhaps nothing."""

    def judged(outcome: Outcome, rule: str, phrase: str | None = None) -> Judged:
        return Judged(outcome, rule, phrase, paper_phrase(text))

    answer = text.strip()
    if not answer:
        return judged("broken", "empty answer")
    if _matches(answer, card.other_grammar):
        return judged("answered", "states no fact")
    phrase = refusal_phrase(answer)
    if phrase:
        return judged("refused", "refusal phrase", phrase)
    if not finished:
        return judged("broken", "no end within the token limit")
    if raw:
        known = [fact for entity in entities for fact in entity.facts.items() if _holds(answer, fact[1])]
        return judged("right", *known[0]) if known else judged("answered", "a raw completion is not judged")
    if card.fact_grammar and not _matches(answer, card.fact_grammar):
        return judged("broken", "outside the answer grammar")
    if not named:
        return judged("answered", "no name found in the question")
    if not entities and card.closed_world:
        return judged("invented", "no such name in its world")
    if not entities:
        return judged("answered", "truth not known here")
    if all(not entity.facts for entity in entities):
        return judged("invented", f"no such {entities[0].type}")
    asked = [
        (attribute, entity.facts[attribute]) for entity in entities for attribute in _attributes(prompt, entity, card)
    ]
    if not asked:
        return judged("answered", "no fact matches the question")
    for attribute, fact in asked:
        if _holds(answer, fact):
            return judged("right", attribute, fact)
    return judged("wrong", *asked[0])


def _holds(answer: str, fact: str) -> bool:
    """As whole words, however they are typed."""
    return f" {fold(fact)} " in f" {fold(answer)} "


def _matches(answer: str, grammar: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, answer) for pattern in grammar)


def _attributes(prompt: str, entity: Entity, card: ModelCard) -> Iterator[str]:
    asked = f" {fold(prompt)} ".replace(f" {fold(entity.name)} ", "  ")
    for attribute in card.attributes:
        fits = attribute.entity_type == entity.type and attribute.name in entity.facts
        if fits and any(f" {fold(cue)} " in asked for cue in attribute.cues):
            yield attribute.name
