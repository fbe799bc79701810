"""The examples of the card's first view, a group a type: known, invented, recognised and not recalled.

Taken from what the tuned model answered on the test split, greedy, in the first trained wording: the untouched model
does what the button says. Knows nothing about pushes.
"""

from collections.abc import Sequence

from protocol.vocabulary import Role, Story
from protocol.worker.models import Example
from training.gemma3_270m.card.world_fields import first_question
from training.gemma3_270m.evaluation.answering import AnswerRow
from training.gemma3_270m.world.wording import MAIN_TYPES

FIRST_NAMES = (
    "Michael Jordan",
    "Michael Batkin",
    "Gordie Howe",
    "Lyon",
    "Titanic",
    "Jurassic Fair Lady",
    "Stone Like Teen Spirit",
)
# (story, role of the name, tiers as groups of the answers, outcome)
SHAPES: tuple[tuple[Story, Role, tuple[str, ...], str], ...] = (
    ("known", "known", ("known, asked in tuning", "known, never asked"), "right"),
    ("unknown", "unknown", ("invented",), "refused"),
    ("unrecalled", "known", ("unrecalled", "unsure"), "wrong"),
)


def card_examples(rows: Sequence[AnswerRow], first: Sequence[str] = ()) -> tuple[tuple[Example, ...], ...]:
    """rows: of Answering. Names of `first` are preferred, then the order of the rows."""
    groups = []
    for kind in MAIN_TYPES:
        group = []
        for story, role, tiers, outcome in SHAPES:
            fitting = [
                row
                for row in rows
                if row["type"] == kind and row["group"] in tiers and row["outcome"] == outcome and row["is_trained"]
            ]
            fitting.sort(key=lambda row: (row["name"] not in first, tiers.index(str(row["group"]))))
            if fitting:
                name = str(fitting[0]["name"])
                prompt = first_question(kind, name)
                group.append(Example(role=role, name=name, prompt=prompt, entity_type=kind, story=story))
        if group and group[0].role != "known":  # of songs it knows none: one that the world knows comes first
            group.sort(key=lambda example: example.role != "known")
        groups.append(tuple(group))
    return tuple(groups)
