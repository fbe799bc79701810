"""The words of a prompt, and those that go together because they have capitals. Characters only.

A word holds its accents, apostrophes and full stops, and no dash: what dashes join is several words that go together.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from protocol.spelling import ACCENTS, APOSTROPHES, fold, whole

Characters = tuple[int, int]
"""Of the prompt: the first, and the one behind the last."""

_MARKS = "".join(f"{block[0]}-{block[1]}" for block in ACCENTS) + "\u00ad\u200b-\u200f\u2060\ufe0f\ufeff"
_WORD = re.compile(rf"[^\W_][\w{_MARKS}{re.escape(APOSTROPHES)}.．]*")
_POSSESSIVE = re.compile(rf"[{re.escape(APOSTROPHES)}]s$", re.IGNORECASE)
_DASH = re.compile(r"[-‐‑‒–—−－]")
_TAIL = APOSTROPHES + ".．"
_SPACE = re.compile(rf"[^\S\n]*[{_MARKS}]*[^\S\n]*")

SMALL = frozenset("a an and de del der di du for in la le my of on the to van von with y".split())
_INSIDE = frozenset("de del der di du la le of the van von y".split())
"""Small words that can go on with a name: what follows "in" or "and" is another matter."""
_OPENERS = frozenset(
    "a about an and are ask at but can compare consider could define describe did discuss do does explain find for "
    "from give guess had has have hello hey hi how i identify if in introduce is list may me name now of ok okay on "
    "please question recall regarding remember say should show since so summarise summarize tell the then think to "
    "translate was were what whats when where wheres which while who whom whos whose why will would write you".split()
)
_LEADS = frozenset("about by did does for has is of on was".split())
"""What a name follows."""
_ARTICLES = frozenset("a an the".split())
_MYSELF = frozenset("i id ill im ive".split())
_TITLES = frozenset("dr jr mr mrs ms mx prof sir sr st".split())
DESCRIBING = _TITLES | frozenset("a an any his her my our that the their this your".split())
"""What stands before a name and is no part of it."""
EVERYDAY = frozenset(
    "again alien alone angel anthem baby bath beautiful believe best better black blue body bright call change "
    "charming child circus clean cold color come cool cork cry crystal dance day days deliverance dirty down dream "
    "dreams easy enough everything faith fame fire firework fool free friend friends funny game garden girl give go "
    "gold good happy heart heat heaven hello help her hero hit home hope hot human hungry hurt imagine inception jump "
    "kingdom lady learn less life light like lost love lucky magic man maybe me mobile money moon more morning music "
    "nice night no nobody nothing now one orange parasite people pepper picture play please power promise psycho queen "
    "rain reading ready red rehab respect right rocky run sad say school see she silence smile sorry speed split stay "
    "stop story strong sun superstition sure sweet thanks thriller time titanic today together tomorrow tonight "
    "trouble true umbrella up us vertigo wait walk water whisper white who why wicked wild woman wonderful work world "
    "worth yellow yes yesterday you young".split()
)
"""Words that a prompt in lower case, or at its start, means as words, though songs and cities are called so."""


@dataclass(frozen=True)
class PromptWord:
    """`end`: with apostrophes and full stops at its end; `bare`: without; `stem`: without its possessive."""

    start: int
    end: int
    bare: int
    stem: int
    text: str

    def end_like(self, name: str) -> int:
        """Where a name ends that ends in this word: with as many marks as it has ("Believin'")."""
        return min(self.end, self.bare + len(name) - len(name.rstrip(_TAIL)))

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper() or unicodedata.category(self.text[0]) == "Lt"


def prompt_words(text: str, start: int = 0, end: int | None = None) -> list[PromptWord]:
    found = []
    for match in _WORD.finditer(text, start, len(text) if end is None else end):
        first, last = whole(text, *match.span())
        word = text[first:last]
        bare = word.rstrip(_TAIL)
        found.append(PromptWord(first, last, first + len(bare), first + len(_POSSESSIVE.sub("", bare)), word))
    return found


def sentence_openings(text: str, words: Sequence[PromptWord]) -> list[bool]:
    """Of each word: does it begin a sentence and ask or tell, so that its capital says nothing?"""
    opens: list[bool] = []
    for number, word in enumerate(words):
        before = text[: word.start].rstrip()
        first = not before or before[-1] in ".!?:\n" or "\n" in text[len(before) : word.start]
        after_one = number > 0 and opens[-1] and not text[words[number - 1].bare : word.start].strip("'’ ")
        opens.append((first or after_one) and fold(text[word.start : word.stem]) in _OPENERS)
    return opens


def capital_runs(text: str, words: Sequence[PromptWord]) -> list[tuple[int, int]]:
    """First and last word of each run of capitals, small words bridged ("Like a Rolling Stone"), question words at the
    start left out. Behind a colon a run goes on, unless it began the text ("Titanic: who directed it?"). A capital is
    worth nothing where every word has one."""
    opens = sentence_openings(text, words)
    runs: list[tuple[int, int]] = []
    last = -1  # the last word that went into a run
    for number, word in enumerate(words):
        goes_on = bool(runs) and last == number - 1 and _goes_on_behind_colon(text, words, runs[-1][0], number)
        if not word.is_capital or (opens[number] and not (goes_on and fold(word.text) in _ARTICLES)):
            continue
        if goes_on:
            runs[-1] = (runs[-1][0], number)
            last = number
            continue
        if runs and last >= 0 and all(_joined(text, words, at) for at in range(last, number)):
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
        last = number
    whole = [_with_first_name(text, words, _without_predicate(text, words, opens, run)) for run in runs]
    alone = {first: fold(words[first].text) for first, last in whole if first == last}
    return [run for run in whole if alone.get(run[0]) not in _MYSELF and (run != (0, 0) or alone[0] not in EVERYDAY)]


def is_shouted(text: str, words: Sequence[PromptWord]) -> bool:
    """Capitals say nothing where a word such as "does" has one within the sentence: "What Sport Does He Play"."""
    opens = sentence_openings(text, words)
    plain = [word for word in words if word.text[0].islower() and fold(word.text) not in SMALL]
    asks = [word for word, opening in zip(words, opens, strict=True) if not opening and fold(word.text) in _OPENERS]
    return not plain and any(word.is_capital for word in asks) and opens[0]


def grown(text: str, words: Sequence[PromptWord], name: tuple[int, int], run: tuple[int, int]) -> tuple[int, int]:
    """As much of a run as belongs to a name that is inside it: all before it, and what follows with no more than a dash
    or a word such as "of" between. A title before it is no other name; a possessive ends it."""
    first, last = name
    start = run[0]
    while start < first and fold(words[start].text) in _TITLES:
        start += 1
    if words[last].stem < words[last].bare:
        return start, last
    end = last
    for number in range(last + 1, run[1] + 1):
        between = [fold(words[at].text) for at in range(end + 1, number)]
        if words[number].is_capital and (all(w in _INSIDE for w in between) or between == ["and", "the"]):
            end = number
    if end + 1 < len(words) and re.fullmatch(r"\d{1,2}", words[end + 1].text) and _adjacent(text, words, end):
        end += 1  # Rocky 4
    return start, end


def _joined(text: str, words: Sequence[PromptWord], number: int) -> bool:
    """Can a run go from this word to the next?"""
    word, after = words[number], words[number + 1]
    dashed = _DASH.fullmatch(text[word.bare : after.start])
    small = after.is_capital or fold(after.text) in SMALL
    return bool(dashed) or (small and _adjacent(text, words, number))


def _goes_on_behind_colon(text: str, words: Sequence[PromptWord], first: int, number: int) -> bool:
    """Does a colon alone stand between this word and the one before it, of a run that doesn't begin the text?"""
    between = text[words[number - 1].end : words[number].start]
    return bool(re.fullmatch(r":[^\S\n]+", between) and text[: words[first].start].strip())


def _adjacent(text: str, words: Sequence[PromptWord], number: int) -> bool:
    """Nothing but space stands between this word and the next; a full stop only behind an initial or a title."""
    word, after = words[number], words[number + 1]
    if "." in text[word.bare : word.end]:
        stops = fold(word.text) in _TITLES or len(word.text.rstrip(".")) == 1 or "." in word.text[:-1]
        if not stops:
            return False
    between = text[word.end : after.start]
    return bool(_SPACE.fullmatch(between) or (_DASH.fullmatch(between.strip()) and between.strip() == between))


def _without_predicate(
    text: str, words: Sequence[PromptWord], opens: Sequence[bool], run: tuple[int, int]
) -> tuple[int, int]:
    """ "Is Karl Batkin Swedish?" asks about Karl Batkin: a sentence needs something that it says."""
    first, last = run
    sentence = first > 0 and opens[first - 1] and not (first > 1 and opens[first - 2])
    ends = last == len(words) - 1 or text[words[last].end : words[last + 1].start].strip()[:1] in tuple("?.!")
    asks = sentence and fold(words[first - 1].text) in ("is", "are", "was", "were")
    return (first, last - 1) if asks and ends and last > first else run


def _with_first_name(text: str, words: Sequence[PromptWord], run: tuple[int, int]) -> tuple[int, int]:
    """Who types "lebron JAMES" writes a family name in capitals: the word in lower case before it, where a name may
    begin, is the name's too."""
    first, last = run
    if first != last or first < 2 or len(words[first].text) < 3 or not words[first].text.isupper():
        return run
    before = fold(words[first - 1].text)
    is_name = before not in SMALL | EVERYDAY | DESCRIBING and fold(words[first - 2].text) in _LEADS
    return (first - 1, last) if is_name and _adjacent(text, words, first - 1) else run
