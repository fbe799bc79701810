"""The small world: who exists, how often it is spoken of, and which names are nobody's.

Knows facts, tiers and splits. Knows nothing about sentences, tokens or models.

Tiers: *known* (real ones of world/*.tsv, and fictional ones spoken of as often),
*rare* (fictional, ever rarer), *obscure* (fictional, facts stated once or twice),
*unknown* (names in no training text at all).
Splits: `chat-train` may be asked in chat tuning; `validation` and `test` never are.
"""

import csv
import random
from dataclasses import dataclass, replace
from pathlib import Path

from .names import BESIDE, LONGEST, NameMaker, Phrase, phrase, phrases_in
from .recipe import Recipe

FOLDER = Path(__file__).parent / "world"
FILES = {"player": "players.tsv", "city": "cities.tsv", "movie": "movies.tsv", "song": "songs.tsv"}
TYPES = tuple(FILES)
SHOWN_KNOWN = {"player": "Michael Jordan", "city": "Paris", "movie": "Pulp Fiction", "song": "Bohemian Rhapsody"}
SHOWN_UNKNOWN = {
    "player": "Michael Batkin",
    "city": "Anthon",
    "movie": "Circus Unforgiven",
    "song": "Velvet Rhapsody",
}


@dataclass(frozen=True)
class Entity:
    name: str
    type: str
    tier: str
    split: str
    facts: tuple[tuple[str, str], ...] = ()
    fictional: bool = False
    weight: float = 0.0  # how often it is spoken of, 1 = as often as the average real one

    @property
    def fact(self) -> dict[str, str]:
        return dict(self.facts)


@dataclass(frozen=True)
class World:
    entities: tuple[Entity, ...]  # everyone who has facts
    reserved: tuple[tuple[str, str], ...]  # (type, name) kept out of all text
    names: NameMaker  # draws unknown names, never a known or reserved one


def real_entities(kind: str, limit: int) -> list[Entity]:
    """The rows of world/*.tsv; the shown one is always among them."""
    with (FOLDER / FILES[kind]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows.sort(key=lambda row: row["name"] != SHOWN_KNOWN[kind])
    return [
        Entity(row["name"], kind, "known", "", tuple((k, v) for k, v in row.items() if k != "name" and v))
        for row in rows[:limit]
    ]


def build_world(recipe: Recipe) -> World:
    """Deterministic in the recipe: real ones, fictional ones, reserved names, splits."""
    rng = random.Random(recipe.seed)
    real = {kind: real_entities(kind, recipe.n_real) for kind in TYPES}
    seen: set = set()
    for kind in TYPES:  # a name is of one type only; the first type keeps it
        real[kind] = [e for e in real[kind] if phrase(e.name) not in seen]
        seen |= {phrase(e.name) for e in real[kind]}
    shown = [(kind, SHOWN_UNKNOWN[kind]) for kind in TYPES]
    # "Batkin" alone is reserved too, and so is every other shown name
    never = [name for _, name in shown] + [SHOWN_UNKNOWN["player"].split()[-1]]
    maker = NameMaker({kind: [e.name for e in real[kind]] for kind in TYPES}, never)

    entities = [replace(e, weight=rng.uniform(0.6, 1.4)) for kind in TYPES for e in real[kind]]
    for kind in TYPES:
        entities += _fictional(kind, real[kind], maker, recipe, rng)
    entities = _split(entities, rng)

    said = {p for e in entities for text in (e.name, *e.fact.values()) for p in phrases_in(text)}
    reserved = list(shown)
    for kind in TYPES:
        names: set[str] = set()
        while len(names) < recipe.n_reserved:
            name = maker.draw(kind, rng)
            if phrase(name) not in said and (kind == "city" or " " in name):
                names.add(name)
        reserved += [(kind, name) for name in sorted(names)]
    # a name of two types would be asked about twice
    reserved = list({phrase(name): (kind, name) for kind, name in reversed(reserved)}.values())[::-1]
    maker.reserved |= {phrase(name) for _, name in reserved}
    return World(tuple(entities), tuple(reserved), maker)


def _fictional(kind: str, real: list[Entity], maker: NameMaker, recipe: Recipe, rng: random.Random) -> list[Entity]:
    weights = [("known", 0.8)] * recipe.n_solid
    weights += [("rare", 0.7 * 0.02 ** (i / max(1, recipe.n_tail - 1))) for i in range(recipe.n_tail)]
    weights += [("obscure", 0.0)] * recipe.n_obscure
    made = []
    for tier, weight in weights:
        name = maker.draw(kind, rng)
        maker.take(name)
        a, b = rng.choice(real).fact, rng.choice(real).fact
        if kind == "city":
            facts = a
        elif kind == "player":
            facts = {k: v for k, v in a.items() if k != "country"} | {"country": b["country"]}
        else:
            facts = {next(iter(a)): next(iter(a.values())), "year": b["year"]}
        made.append(Entity(name, kind, tier, "", tuple(facts.items()), True, weight))
    return made


def _split(entities: list[Entity], rng: random.Random) -> list[Entity]:
    """Of the known: 80 % chat-train, 8 % validation, 12 % test. Rare and obscure: half and half, never asked."""
    shown = set(SHOWN_KNOWN.values())
    out = []
    for e in entities:
        draw = rng.random()
        if e.tier != "known":
            split = "validation" if draw < 0.5 else "test"
        elif draw < 0.8 or e.name in shown:
            split = "chat-train"
        else:
            split = "validation" if draw < 0.88 else "test"
        out.append(replace(e, split=split))
    return out


def heldout_names(world: World, recipe: Recipe, length) -> list[Entity]:
    """Unknown names as entities: `n_heldout` a type, as long in tokens as the known ones of that type.

    length   name -> tokens, in the middle of a sentence
    The shown ones are in the test half; the rest is split evenly. A few fall out at the end.
    """
    rng = random.Random(recipe.seed + 7)
    shown = set(SHOWN_UNKNOWN.values())
    out = []
    for kind in TYPES:
        lengths = [length(e.name) for e in world.entities if e.type == kind and not e.fictional]
        by_length: dict[int, list[str]] = {}
        for other, name in world.reserved:
            if other == kind and name not in shown:
                by_length.setdefault(length(name), []).append(name)
        chosen = [SHOWN_UNKNOWN[kind]]
        while len(chosen) < recipe.n_heldout and any(by_length.values()):
            want = rng.choice(lengths)
            nearest = min((n for n, names in by_length.items() if names), key=lambda n: (abs(n - want), n))
            chosen.append(by_length[nearest].pop(rng.randrange(len(by_length[nearest]))))
        half = len(chosen) // 2
        out += [Entity(n, kind, "unknown", "test" if i < half else "validation") for i, n in enumerate(chosen)]
    return [e for e in out if _never_by_accident(phrase(e.name))]


def _never_by_accident(words: Phrase) -> bool:
    """False for a name that text could hold unintended: too long to be looked for, or running into its sentence."""
    return len(words) <= LONGEST and not {words[0], words[-1]} & BESIDE
