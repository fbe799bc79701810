"""Everyone this model is asked about: real names with one true value each, and invented names.

Knows the tables of this folder and those of the embedded model's world. Knows nothing about what the model knows.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from protocol.spelling import fold
from training.gemma3_270m.split import NameSplit, split_of
from training.gemma3_270m.world.athletes import ATHLETES
from training.gemma3_270m.world.people import PEOPLE
from training.gemma3_270m.world.wording import ALIASES, GEMMA_TYPES, MAIN_ATTRIBUTE

_HERE = Path(__file__).parent
EMBEDDED = _HERE.parent.parent / "tiny_gemma2" / "world"
INVENTED_FILE = _HERE / "invented.tsv"
PLAYED = ("soccer", "basketball", "tennis", "american football", "baseball", "ice hockey", "golf", "cricket")
_SPELLED = {"american football": "American football", "Holland": "Netherlands"}


@dataclass(frozen=True)
class GemmaEntity:
    """`truth` is empty for an invented name, `made_by` for a real one."""

    name: str
    type: str
    truth: str = ""
    made_by: str = ""

    @property
    def split(self) -> NameSplit:
        return split_of(self.name)

    @property
    def attribute(self) -> str:
        return MAIN_ATTRIBUTE[self.type]


def table_rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as table:
        return list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))


def real_names() -> list[GemmaEntity]:
    """The best known of a type first; a name belongs to the first type that has it."""
    found: dict[str, list[tuple[str, str]]] = {kind: [] for kind in GEMMA_TYPES}
    for row in table_rows(EMBEDDED / "players.tsv"):
        found["player"].append((row["name"], row["sport"]))
    for sport, names in ATHLETES.items():
        found["player"] += [(name, sport) for name in names.split(", ")]
    found["player"] = [(name, sport) for name, sport in found["player"] if sport in PLAYED]
    for folder, file, kind in (
        (EMBEDDED, "cities", "city"),
        (_HERE, "cities", "city"),
        (_HERE, "countries", "country"),
    ):
        found[kind] += [(row["name"], row[MAIN_ATTRIBUTE[kind]]) for row in table_rows(folder / f"{file}.tsv")]
    for kind in ("movie", "song"):
        found[kind] += [(row["name"], row[MAIN_ATTRIBUTE[kind]]) for row in table_rows(EMBEDDED / f"{kind}s.tsv")]
    for profession, names in PEOPLE.items():
        found["person"] += [(name, profession) for name in names.split(", ")]
    taken: set[str] = set()
    out = []
    for kind in ("country", "player", "city", "movie", "song", "person"):
        for name, truth in found[kind]:
            if fold(name) not in taken:
                taken.add(fold(name))
                out.append(GemmaEntity(name, kind, _SPELLED.get(truth, truth)))
    return out


def invented_entities(file: Path = INVENTED_FILE) -> list[GemmaEntity]:
    return [GemmaEntity(row["name"], row["type"], "", row["made_by"]) for row in table_rows(file)]


def holds(answer: str, truth: str) -> bool:
    """Does the answer begin with the value, or with another name of it?"""
    said = f"{_bare(answer)} "
    return any(said.startswith(f"{_bare(value)} ") for value in (truth, *ALIASES.get(truth, ())))


def _bare(text: str) -> str:
    return fold(text).removeprefix("the ")
