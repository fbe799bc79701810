"""What a study will cost, counted before it is asked: how many questions, and what the model does for each.

1. the names of the set, by type and group (a label or a tier)              counted
2. those of the wanted part and groups, at most so many of each              asked_names
3. a question for each of them, or one for every attribute                  asked_questions

Never too few: which names have partners of their length only the worker knows, and whether an attribute is known of a
name. Exact where nothing is left out for that.
"""

from collections import Counter
from collections.abc import Iterable

from protocol.base import Message, Text
from protocol.enough import too_few_of_kinds
from protocol.vocabulary import StudyKind
from protocol.worker.models import ModelCard
from protocol.worker.names import LABELS, GivenNames, dealt
from protocol.worker.studies import Asked, Push
from protocol.worker.world import ModelWorld

PAIR_RUNS = "runs"
"""The unit of what is done for a pair of names."""

NameCounts = Counter[tuple[str, str]]
"""How many names, or questions, there are of a type and a group."""


class Cost(Message):
    """n_questions: put at most, or pairs of them; n_each: what the model does for each of them, in the words of `unit`.
    words: all of it in a sentence. seconds: at the card's pace, on two cores; None where the card says none."""

    n_questions: int
    n_each: int
    unit: Text
    words: Text
    seconds: float | None = None

    def at_pace_of(self, card: ModelCard, study: StudyKind) -> "Cost":
        """A pair of names has a pace of its own: what is done for it are hundreds of passes, not answers."""
        if self.unit == PAIR_RUNS:
            pace, n = card.pairs_per_s.get(study), self.n_questions
        else:
            pace, n = card.answers_per_s, self.n_questions * self.n_each
        return self if pace is None else self.model_copy(update={"seconds": n / pace})


def names_counted(asked: Asked, world: ModelWorld | None) -> NameCounts | None:
    """None: the model's own names are asked about, and nobody knows them here."""
    names = asked.names
    if isinstance(names, GivenNames):
        return Counter((one.type, one.label or "unlabelled") for one in names.names)
    if world is None:
        return None
    found: NameCounts = Counter(
        (one.type, one.tier) for one in world.entries if not names.types or one.type in names.types
    )
    return found if names.most is None else Counter({cell: min(names.most, n) for cell, n in found.items()})


def asked_names(asked: Asked, names: NameCounts) -> NameCounts:
    groups = {cell: n for cell, n in names.items() if not asked.groups or cell[1] in asked.groups}
    return Counter({cell: min(asked.most, _of_part(asked, n)) for cell, n in groups.items()})


def asked_questions(asked: Asked, names: NameCounts, card: ModelCard) -> NameCounts:
    """names: as `asked_names` counts them."""
    wanted = Counter(
        one.entity_type
        for one in card.attributes
        if one.can_be_put and (not asked.attributes or one.name in asked.attributes)
    )
    most = max(wanted.values(), default=0) if asked.per_name == "all" else 1
    return Counter({cell: n * min(most, wanted[cell[0]]) for cell, n in names.items()})


def apart(names: NameCounts) -> str | None:
    """Whether known and unknown names are too few to be told apart."""
    known, unknown = (sum(n for (_, group), n in names.items() if group == label) for label in LABELS)
    return too_few_of_kinds(known, unknown)


def labelled(names: NameCounts) -> NameCounts:
    return Counter({cell: n for cell, n in names.items() if cell[1] in LABELS})


def cost_of(names: NameCounts, n_each: int, unit: str, *, makes: str = "answers") -> Cost:
    """unit: of each question, "arms". makes: what comes of all of them, "answers"."""
    n = names.total()
    words = f"Up to {how_many(n, 'question')} × {n_each:,} {unit} = {n * n_each:,} {makes}."
    return Cost(n_questions=n, n_each=n_each, unit=unit, words=words)


def n_passes(*pushes: Push | None) -> int:
    """Of one prompt: untouched, pushed one way, and each control of that."""
    return 1 + max((1 + push.n_controls for push in pushes if push), default=0)


def how_many(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _of_part(asked: Asked, n: int) -> int:
    """Names that are left out to match lengths change how the others are dealt: then the most that any number gives."""
    if asked.split == "all":
        return n
    some: Iterable[int] = range(max(0, n - 10), n + 1) if asked.names.match_lengths else (n,)
    return max(dealt(one)[asked.split] for one in some)
