"""Where in a prompt is the name it asks about? Characters only: no tokens, no model.

1. a name of the model's world, the longest first;  2. something in quotes;
3. the longest run of capitalised words, small words bridged ("Like a Rolling Stone"), question
words at the start left out;  4. else the whole prompt, and the page says so.
"""

import re
from dataclasses import dataclass
from typing import Literal

from model_worker.model.world import World

EntitySource = Literal["given", "world", "quotes", "capitals", "whole_prompt"]

_WORD = re.compile(r"[^\W_][\w'’.-]*")
_QUOTED = re.compile(r"(?<!\w)[\"“'‘]([^\"“”'‘’]{2,})[\"”'’](?!\w)")
_SMALL = frozenset("a an and de for in la my of on the to with".split())
_OPENERS = frozenset(
    "are can did do does for give hello hey hi how i in is name of on please question say tell the to was were "
    "what when where which who whose why".split()
)
_MAX_WORDS = 8


@dataclass(frozen=True)
class Mention:
    """Characters start to end (exclusive) of the prompt, and how they were found."""

    start: int
    end: int
    found: EntitySource


def find_entity(prompt: str, world: World) -> Mention:
    words = [(m.start(), m.end()) for m in _WORD.finditer(prompt)]
    return (
        _in_world(prompt, words, world)
        or _in_quotes(prompt)
        or _in_capitals(prompt, words)
        or Mention(len(prompt) - len(prompt.lstrip()), len(prompt.rstrip()), "whole_prompt")
    )


def _in_world(prompt: str, words: list[tuple[int, int]], world: World) -> Mention | None:
    for n_words in range(_MAX_WORDS, 0, -1):
        for first in range(len(words) - n_words + 1):
            start = words[first][0]
            for end in _ends(prompt, *words[first + n_words - 1]):
                # a single common word counts only as it is written in the world: "help" is not the song "Help"
                matches = world.named(prompt[start:end])
                exactly = any(entity.name == prompt[start:end] for entity in matches)
                if matches and (n_words > 1 or (exactly and start > 0)):
                    return Mention(start, end, "world")
    return None


def _ends(prompt: str, start: int, end: int) -> tuple[int, ...]:
    """Where a word may end: as it stands (Believin'), without what follows it, without its possessive."""
    word = prompt[start:end]
    bare = word.rstrip(".'’-")
    return end, start + len(bare), start + len(re.sub(r"['’]s$", "", bare))


def _in_quotes(prompt: str) -> Mention | None:
    match = _QUOTED.search(prompt)
    return Mention(match.start(1), match.end(1), "quotes") if match else None


def _in_capitals(prompt: str, words: list[tuple[int, int]]) -> Mention | None:
    best: tuple[int, int] | None = None
    run: tuple[int, int] | None = None
    for start, whole in words:
        end = _ends(prompt, start, whole)[-1]
        word = prompt[start:end]
        opens = word.casefold() in _OPENERS and _starts_sentence(prompt, start)
        if word[0].isupper() and not opens:
            joined = run is not None and all(c in " '’-" or c.isalpha() for c in prompt[run[1] : start])
            run = (run[0], end) if run and joined else (start, end)
            best = run if best is None or run[1] - run[0] > best[1] - best[0] else best
        elif word not in _SMALL:
            run = None
    return Mention(*best, "capitals") if best else None


def _starts_sentence(prompt: str, start: int) -> bool:
    before = prompt[:start].rstrip()
    return not before or before[-1] in ".!?:"
