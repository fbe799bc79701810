"""Where in a prompt is the name it asks about? Characters only: no tokens, no model.

Readings, the first that there is:
1. a name of the model's world that fills the place of the name in one of its questions
2. a name of its world, the longest first; and before it the quotes and the capitals that it is a part of, because the
   longer name is the one that was typed: "Florence Nightingale" isn't Florence
3. something in quotes
4. the longest run of capitalised words, small words bridged ("Like a Rolling Stone") and a colon with them ("Star Wars:
   A New Hope"), question words at the start left out
5. what fills the name's place in one of the model's questions, however it is typed
6. a single word that is a name of its world in other letters ("paris"), unless it is an everyday word
7. else the whole prompt, and the page says so

The other readings come along, so that a reader can take one of them. None cuts a character or a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from model_worker.answering.prompt_words import (
    DESCRIBING,
    EVERYDAY,
    SMALL,
    Characters,
    PromptWord,
    capital_runs,
    grown,
    is_shouted,
    prompt_words,
)
from model_worker.model.world import World
from protocol.spelling import fold
from protocol.vocabulary import Found
from protocol.worker.models import Attribute

_QUOTED = re.compile(r"(?<!\w)[\"“„'‘«]([^\"“”„'‘’«»]{2,})[\"”'’»](?!\w)")
_SAYS = ("by ", "came ", "has ", "is ", "lies ", "was ")
_MAX_OTHERS = 3
_MAX_WORDS = 12


@dataclass(frozen=True)
class NamePlace:
    """A prompt of the model's with a place for a name: the folded words before and behind it, and the name's type."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    type: str

    @classmethod
    def of(cls, question: str, entity_type: str) -> "NamePlace":
        before, after = question.split("{name}", 1)
        return cls(tuple(_folded(before)), tuple(_folded(after)), entity_type)


@dataclass(frozen=True)
class Mention:
    """Characters start to end (exclusive) of the prompt, and how they were found. `others`: what else it could be read
    as asking about."""

    start: int
    end: int
    found: Found
    others: tuple["Mention", ...] = ()

    @property
    def span(self) -> Characters:
        return self.start, self.end


@dataclass(frozen=True)
class _Named:
    """A name of the world: its first and last word, and where it ends."""

    first: int
    last: int
    end: int


@lru_cache(maxsize=8)
def name_places(attributes: tuple[Attribute, ...]) -> tuple[NamePlace, ...]:
    return tuple(NamePlace.of(one.question, one.entity_type) for one in attributes if one.question and one.can_be_put)


def find_entity(prompt: str, world: World, questions: Sequence[NamePlace] = ()) -> Mention:
    readings: dict[Characters, Mention] = {}
    for one in _readings(prompt, world, _place(prompt, world, questions)):
        readings.setdefault(one.span, one)
    if not readings:
        return Mention(len(prompt) - len(prompt.lstrip()), len(prompt.rstrip()), "whole_prompt")
    first, *others = readings.values()
    near = [one for one in others if one.found == "world" or _holds(one.span, first.span)]
    return replace(first, others=tuple(near[:_MAX_OTHERS]))


def _readings(prompt: str, world: World, place: Characters | None) -> Iterator[Mention]:
    """All, the likeliest first; some twice."""
    words = prompt_words(prompt, *(place or ()))
    named = list(_in_world(prompt, words, world))
    strong = [one for one in named if _is_meant(prompt, words, world, one)]
    runs = [] if strong and place is None and is_shouted(prompt, words) else capital_runs(prompt, words)
    quoted = [match.span(1) for match in _QUOTED.finditer(prompt)]
    if place and world.named(prompt[slice(*place)]):
        yield Mention(*place, "world")
    for name in strong[:1]:
        span = words[name.first].start, name.end
        yield from (Mention(*around, "quotes") for around in quoted if _holds(around, span))
        for run in runs:
            if run[0] <= name.first and name.last <= run[1]:
                first, last = grown(prompt, words, (name.first, name.last), run)
                if (first, last) != (name.first, name.last):
                    yield Mention(words[first].start, max(name.end, words[last].stem), "capitals")
        if place and place[0] < span[0] and place[1] == span[1] and _folded(prompt[place[0] :])[0] not in DESCRIBING:
            yield Mention(*place, "question")
    for name in strong:
        yield Mention(words[name.first].start, name.end, "world")
    yield from (Mention(*span, "quotes") for span in quoted)
    apart = [run for run in runs if not any(run[0] <= one.last and one.first <= run[1] for one in strong)]
    spans = [(words[first].start, words[last].stem) for first, last in apart]
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        if place and place[1] == end and _is_first_name(prompt[place[0] : start], prompt[start:end]):
            yield Mention(*place, "question")
        yield Mention(start, end, "world" if world.named(prompt[start:end]) else "capitals")
    if place and not (strong and place[1] >= prompt_words(prompt)[-1].bare):  # what ends the prompt may say more
        yield Mention(*place, "question")
    for one in named:
        if fold(prompt[words[one.first].start : one.end]) not in EVERYDAY:
            yield Mention(words[one.first].start, one.end, "world")


def _in_world(prompt: str, words: Sequence[PromptWord], world: World) -> Iterator[_Named]:
    """The longest first, none inside another; of two as long, the one that doesn't begin with a small word."""
    taken: list[_Named] = []
    begins = [any(world.may_begin(prompt[word.start : end]) for end in (word.end, word.stem)) for word in words]
    for n_words in range(min(world.longest, len(words)), 0, -1):
        firsts = range(len(words) - n_words + 1)
        for first in sorted(firsts, key=lambda at: fold(words[at].text) in SMALL):
            last = first + n_words - 1
            if not begins[first] or any(one.first <= last and first <= one.last for one in taken):
                continue
            if (end := _end(prompt, words[first], words[last], world)) is not None:
                taken.append(_Named(first, last, end))
                yield taken[-1]


def _end(prompt: str, first: PromptWord, last: PromptWord, world: World) -> int | None:
    """Where a name of the world ends that goes from one word to another, if one does."""
    if known := world.named(prompt[first.start : last.bare]):
        return last.end_like(known[0].name)
    return last.stem if last.stem < last.bare and world.named(prompt[first.start : last.stem]) else None


def _is_meant(prompt: str, words: Sequence[PromptWord], world: World, name: _Named) -> bool:
    """A single word has to have the capitals that it has in the world, "help" is not the song "Help"; and where a
    prompt begins, a capital says nothing of an everyday word, unless something is said of it."""
    typed = prompt[words[name.first].start : name.end]
    if name.last > name.first:
        return True
    if words[name.first].start == 0 and fold(typed) in EVERYDAY and not fold(prompt[name.end :]).startswith(_SAYS):
        return False
    return any(_capitals(entity.name) == _capitals(typed) for entity in world.named(typed))


def _is_first_name(before: str, name: str) -> bool:
    """One lower-case word before one with capitals belongs to it ("lebron JAMES"), unless it says something of it."""
    words = _folded(before)
    return len(words) == len(_folded(name)) == 1 and not set(words) & (SMALL | EVERYDAY | DESCRIBING)


def _capitals(name: str) -> list[bool]:
    return [c.isupper() for c in name if c.isalpha()]


def _place(prompt: str, world: World, questions: Sequence[NamePlace]) -> Characters | None:
    """What fills the name's place, where the prompt is one of the model's questions: the shortest such, without the
    words that say what it is ("the movie")."""
    words = prompt_words(prompt)
    folded = tuple(fold(prompt[word.start : word.end]) for word in words)
    found: list[Characters] = []
    for question in questions:
        first, last = len(question.before), len(words) - len(question.after)
        if folded[:first] != question.before or folded[last:] != question.after or not 0 < last - first <= _MAX_WORDS:
            continue
        if _end(prompt, words[first], words[last - 1], world) is None:
            leads = (("the", question.type, "of"), ("the", question.type), (question.type,))
            first += next((len(lead) for lead in leads if folded[first : last - 1][: len(lead)] == lead), 0)
        end = _end(prompt, words[first], words[last - 1], world) or words[last - 1].bare
        found.append((words[first].start, end))
    return min(found, key=lambda span: span[1] - span[0], default=None)


def _holds(outer: Characters, inner: Characters) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1] and outer != inner


def _folded(text: str) -> list[str]:
    return [fold(text[word.start : word.end]) for word in prompt_words(text)]
