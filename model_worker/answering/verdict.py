"""What does a whole answer amount to? Refused, right, wrong, invented, answered or broken.

Rules, in order; the first that decides is reported. White space around the answer counts for none of them.
1. nothing but white space: broken.
2. small talk by the card's grammar: answered, states no fact.
3. its first sentence says that the speaker doesn't know, can't tell or needs more, or that there is no such thing
   (`refusal_phrase`, ours, which says it exactly): refused.
4. a raw completion has no form to keep, and no end: its first sentence counts. Right if that holds a fact of the
   entity; wrong if it holds what the world says of others instead, where the prompt asks for it; else answered.
5. no end within the token limit: broken. (After 3: a refusal that ran out of tokens is still a refusal.)
6. outside the card's grammar of facts, if it has one: broken.
7. no name found in the question: answered.
8. the world doesn't list the name: invented if it is closed, else answered, truth not known here.
   It lists it without any fact: invented.
9. the world holds a fact that was asked for: right if the answer holds one as a whole word, else wrong.
   It holds none that was asked for: answered.

A name that the answer repeats is no part of what it says: Mexico City is not in Mexico because it is called so.

The paper's rule (`paper_phrase`, on the text as it came) decides nothing; it is reported beside every outcome.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model_worker.answering.refusal_rules import SENTENCE_END, paper_phrase, refusal_phrase
from model_worker.model.world import Entity, World
from protocol.claims import OUTSIDE_WORLD
from protocol.spelling import fold
from protocol.vocabulary import Outcome
from protocol.worker.models import ModelCard

NO_WORLD = World()


@dataclass(frozen=True)
class Judged:
    """`phrase` is the part of the text, or the fact, that decided. `paper_phrase` is what makes the text a refusal by
    the paper's rule, whatever the outcome; None if nothing does. `said` is the fact that it states, as the world writes
    it, true or not; None: none that the world has of any name."""

    outcome: Outcome
    rule: str
    phrase: str | None
    paper_phrase: str | None
    said: str | None = None


def judge(
    text: str,
    *,
    finished: bool,
    raw: bool,
    prompt: str,
    named: bool,
    entities: tuple[Entity, ...],
    card: ModelCard,
    world: World = NO_WORLD,
) -> Judged:
    """`finished`: the model ended the answer itself. `raw`: the prompt had no chat template.
    `named`: the prompt asks about a name. `entities`: what the world says of it, perhaps nothing.
    `world`: whose values an answer can state."""

    def judged(outcome: Outcome, rule: str, phrase: str | None = None, said: str | None = None) -> Judged:
        return Judged(outcome, rule, phrase, paper_phrase(text), said)

    answer = text.strip()
    if not answer:
        return judged("broken", "empty answer")
    if _matches(answer, card.other_grammar):
        return judged("answered", "states no fact")
    phrase = refusal_phrase(answer)
    if phrase:
        return judged("refused", "refusal phrase", phrase)
    if raw:
        first = SENTENCE_END.split(answer)[0]
        for entity in entities:
            for attribute, fact in entity.facts.items():
                if world.states(_said(first, entity), entity.type, attribute, fact):
                    return judged("right", attribute, fact, fact)
        for entity, attribute in _asked(prompt, entities, card):
            said = world.stated(_said(first, entity), entity.type, attribute)
            if said and attribute in entity.facts:
                return judged("wrong", attribute, entity.facts[attribute], said)
        return judged("answered", "a raw completion is not judged")
    if not finished:
        return judged("broken", "no end within the token limit")
    if card.fact_grammar and not _matches(answer, card.fact_grammar):
        return judged("broken", "outside the answer grammar")
    if not named:
        return judged("answered", "no name found in the question")
    if not entities and card.closed_world:
        return judged("invented", OUTSIDE_WORLD)
    if not entities:
        return judged("answered", "truth not known here")
    asked = list(_asked(prompt, entities, card))
    stated = (world.stated(_said(answer, entity), entity.type, attribute) for entity, attribute in asked)
    said = next(filter(None, stated), None)
    if all(not entity.facts for entity in entities):
        return judged("invented", f"no such {entities[0].type}", said=said)
    facts = [(entity, attribute, entity.facts[attribute]) for entity, attribute in asked if attribute in entity.facts]
    if not facts:
        return judged("answered", "no fact matches the question")
    for entity, attribute, fact in facts:
        if world.states(_said(answer, entity), entity.type, attribute, fact):
            return judged("right", attribute, fact, fact)
    return judged("wrong", facts[0][1], facts[0][2], said)


def _said(answer: str, entity: Entity) -> str:
    """Folded, without the name where it is first repeated, unless that is all that the answer ends with: "It is in
    Luxembourg." """
    folded, name = f" {fold(answer)} ", f" {fold(entity.name)} "
    if name not in folded or folded.index(name) + len(name) == len(folded):
        return folded
    return folded.replace(name, " ", 1)


def _matches(answer: str, grammar: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, answer) for pattern in grammar)


def _asked(prompt: str, entities: tuple[Entity, ...], card: ModelCard) -> Iterator[tuple[Entity, str]]:
    """What the prompt asks for, of each that the name can mean."""
    for entity in entities:
        asked = f" {fold(prompt)} ".replace(f" {fold(entity.name)} ", "  ")
        for attribute in card.attributes:
            fits = attribute.entity_type == entity.type
            if fits and any(f" {fold(cue)} " in asked for cue in attribute.cues):
                yield entity, attribute.name
