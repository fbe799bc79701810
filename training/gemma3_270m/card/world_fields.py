"""What of a card is about the world: its entities with their tiers, its questions, and how a refusal opens.

Knows labels and invented names. Knows nothing about dictionaries, directions or weights. No grammar of answers: this
model may be asked anything.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from protocol.worker.models import Attribute
from training.gemma3_270m.labels import BaseLabel
from training.gemma3_270m.split import split_of
from training.gemma3_270m.world.entities import GemmaEntity
from training.gemma3_270m.world.wording import ALIASES, GEMMA_QUESTIONS, GEMMA_REFUSAL, MAIN_ATTRIBUTE, STATEMENTS

LEFT_OUT = "left-out"
"""The split of a name that was dealt to tuning, which didn't ask it, since the base recalls it too seldom."""
STATEMENT = "The {type} {name}"
REFUSAL_OPENINGS = (GEMMA_REFUSAL.split(",")[0],)
GEMMA_CUES = {
    "player": ("sport", "play", "plays", "who is", "about"),
    "city": ("country", "where", "about"),
    "movie": ("directed", "director", "made", "film", "movie", "about"),
    "song": ("sang", "sings", "performed", "artist", "recorded", "song", "about"),
    "country": ("capital", "about"),
    "person": ("profession", "occupation", "known", "work", "do", "does", "who is", "about"),
}


def attributes() -> tuple[Attribute, ...]:
    return tuple(
        Attribute(
            name=MAIN_ATTRIBUTE[kind],
            entity_type=kind,
            cues=GEMMA_CUES[kind],
            question=first_question(kind, "{name}"),
            opening=STATEMENTS[kind][0].split("{v}")[0].rstrip().format(e="{name}"),
        )
        for kind in MAIN_ATTRIBUTE
    )


def other_words() -> dict[str, tuple[str, ...]]:
    """Those that mean the value wherever they stand in an answer: "us" and "South America" don't."""
    return {value: tuple(word for word in words if word not in ("US", "America")) for value, words in ALIASES.items()}


def first_question(kind: str, name: str) -> str:
    """The first trained wording."""
    return GEMMA_QUESTIONS[kind][0].format(e=name)


def entity_rows(
    labels: Iterable[BaseLabel], invented: Sequence[GemmaEntity], asked: Collection[str]
) -> list[dict[str, object]]:
    """As the embedded card's entities.json; the tier is the base's own. asked: real names that tuning asks, where their
    split is its own; the others of that split are in no turn."""
    rows: list[dict[str, object]] = [
        {
            "name": label["name"],
            "type": label["type"],
            "tier": label["tier"],
            "split": _split(str(label["name"]), asked),
            "fictional": False,
            "facts": {label["attribute"]: label["truth"]},
            "withheld": [],
            "made_by": "",
        }
        for label in labels
    ]
    return rows + [
        {
            "name": one.name,
            "type": one.type,
            "tier": "unknown",
            "split": one.split,
            "fictional": True,
            "facts": {},
            "withheld": [],
            "made_by": one.made_by,
        }
        for one in invented
    ]


def _split(name: str, asked: Collection[str]) -> str:
    dealt = split_of(name)
    return LEFT_OUT if dealt == "chat-train" and name not in asked else dealt


def write_rows(file: Path, rows: Iterable[object]) -> None:
    """A JSON list, a row a line; written beside and renamed."""
    beside = file.with_suffix(".unfinished")
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    beside.write_text(f"[\n{text}\n]\n", encoding="utf-8")
    beside.rename(file)
