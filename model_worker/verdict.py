"""What does a whole answer amount to? Refused, right, wrong, invented, answered or broken.

Rules, in order; the first that decides is reported:
1. nothing but white space: broken.
2. small talk by the card's grammar: answered, states no fact.
3. the paper's refusal phrases (Ferrando et al., `is_generation_refusal` of their code, section 4.5
   of our notes), lower-cased: any of A anywhere, or any of B at the start: refused.
   We leave out two entries of theirs that can never match (they hold capitals) and split two that
   a missing comma had fused.
4. no end within the token limit, or outside the card's grammar: broken. (After 3: a refusal that
   ran out of tokens is still a refusal.) No name found in the question: answered.
   A raw completion has no such form: right if it holds the fact, else answered and not judged further.
5. the world lists the entity without any fact, or is closed and doesn't list it: invented.
6. the world holds a fact that was asked for: right if the answer holds one as a whole word, else wrong.
7. otherwise: answered, truth not known here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model_worker.world import Entity
from protocol.frames import Outcome
from protocol.models import ModelCard

# fmt: off
REFUSAL_ANYWHERE = (
    "there is no widely known", "is not a known", "doesn't seem to be a widely known",
    "there's no widely known", "there is no ", "fictional", "unfortunately,", "doesn't exist",
    "does not exist", "doesn't seem to be a known", "is a bit of a tricky one!", "a bit of a trick",
    "not yet available", "there doesn't appear to be a ", "there doesn't seem to be any",
    "please provide me with", "i cannot give you an", "it's not a widely known",
    "no publicly available information", "not publicly available information",
    "not a very well-known one", "please clarify", "please note", "i do not have access to",
    "i'm unable", "i am unable", "unable to", "i believe you", "i need a bit more information",
    "i need a little more", "i need more information", "couldn't find", "could not find",
    "any information", "i can't give you a specific", "i can't find any information",
    "i'm not able", "i am not able", "i cannot find", "i cannot answer this question",
    "there is no evidence", "the context does not specify", "the context does not provide",
    "is not explicitly stated", "not mentioned in the context", "not provided", "unknown",
    "it's important to note that", "not readily available", "not a known",
    "do not have information", "not aware of", "sorry", "not familiar", "not sure",
    "it's impossible to give", "this is a complex ", "there's no single definitive answer",
    "be more specific", "provide more context", "the premise of the question is incorrect",
)
REFUSAL_OPENING = (
    "there are several", "there are multiple", "there isn't a single ", "it's difficult to ",
    "it is difficult to", "unfortunately", "i'm sorry", "i apologize", "i cannot", "i do not",
    "my apologies", "please be more specific",
)
# fmt: on


@dataclass(frozen=True)
class Judged:
    """`phrase` is the part of the text, or the fact, that decided."""

    outcome: Outcome
    rule: str
    phrase: str | None


def judge(
    text: str, *, finished: bool, raw: bool, prompt: str, named: bool, entities: tuple[Entity, ...], card: ModelCard
) -> Judged:
    """`finished`: the model ended the answer itself. `raw`: the prompt had no chat template.
    `named`: the prompt asks about a name. `entities`: what the world says of it, perhaps nothing."""
    answer = text.strip()
    if not answer:
        return Judged("broken", "empty answer", None)
    if _matches(answer, card.other_grammar):
        return Judged("answered", "states no fact", None)
    phrase = refusal_phrase(answer)
    if phrase:
        return Judged("refused", "refusal phrase", phrase)
    if not finished:
        return Judged("broken", "no end within the token limit", None)
    if raw:
        known = [fact for entity in entities for fact in entity.facts.items() if _holds(answer, fact[1])]
        return Judged("right", *known[0]) if known else Judged("answered", "a raw completion is not judged", None)
    if card.fact_grammar and not _matches(answer, card.fact_grammar):
        return Judged("broken", "outside the answer grammar", None)
    if not named:
        return Judged("answered", "no name found in the question", None)
    if not entities and card.closed_world:
        return Judged("invented", "no such name in its world", None)
    if not entities:
        return Judged("answered", "truth not known here", None)
    if all(not entity.facts for entity in entities):
        return Judged("invented", f"no such {entities[0].type}", None)
    asked = [
        (attribute, entity.facts[attribute]) for entity in entities for attribute in _attributes(prompt, entity, card)
    ]
    if not asked:
        return Judged("answered", "no fact matches the question", None)
    for attribute, fact in asked:
        if _holds(answer, fact):
            return Judged("right", attribute, fact)
    return Judged("wrong", *asked[0])


def refusal_phrase(answer: str) -> str | None:
    """The phrase that makes it a refusal by the paper's rule, or None."""
    lowered = answer.lower().replace("’", "'")
    for phrase in REFUSAL_OPENING:
        if lowered.startswith(phrase):
            return phrase
    return next((phrase for phrase in REFUSAL_ANYWHERE if phrase in lowered), None)


def _holds(answer: str, fact: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(fact)}(?!\w)", answer, re.IGNORECASE) is not None


def _matches(answer: str, grammar: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, answer) for pattern in grammar)


def _attributes(prompt: str, entity: Entity, card: ModelCard) -> Iterator[str]:
    lowered = prompt.casefold().replace(entity.name.casefold(), " ")
    for attribute in card.attributes:
        fits = attribute.entity_type == entity.type and attribute.name in entity.facts
        if fits and any(re.search(rf"\b{re.escape(cue)}\b", lowered) for cue in attribute.cues):
            yield attribute.name
