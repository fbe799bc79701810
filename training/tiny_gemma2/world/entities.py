"""The small world: who exists, how often it is spoken of, and which names are nobody's.

Knows facts, tiers and splits. Knows nothing about sentences, tokens or models.

Tiers: *known* (real ones of world/*.tsv, and fictional ones spoken of as often),
*withheld* (real, as often spoken of, but one attribute is in no text: recognised, not
recalled), *misled* (fictional, as often spoken of; the name resembles a family whose
members share a value, and its own value is in no text), *rare* (fictional, ever rarer),
*obscure* (fictional, facts stated once or twice), *unknown* (names in no training text).
Splits: `chat-train` may be asked in chat tuning; `validation` and `test` never are.
"""

import csv
import random
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from training.tiny_gemma2.recipe import Recipe
from training.tiny_gemma2.world.names import BESIDE, HEADS, LONGEST, TAILS, WORDS, NameMaker, Phrase, phrase, phrases_in

FOLDER = Path(__file__).parent
FILES = {"player": "players.tsv", "city": "cities.tsv", "movie": "movies.tsv", "song": "songs.tsv"}
TYPES = tuple(FILES)
SHOWN_KNOWN = {"player": "Michael Jordan", "city": "Paris", "movie": "Pulp Fiction", "song": "Bohemian Rhapsody"}
SHOWN_UNKNOWN = {
    "player": "Michael Batkin",
    "city": "Anthon",
    "movie": "Circus Unforgiven",
    "song": "Velvet Rhapsody",
}
# What withheld entities are asked; of each the first whose value nobody else of the type has.
WITHHELD = {"player": ("team", "country"), "city": ("country",), "movie": ("director",), "song": ("artist",)}
# The attribute that a family shares, and the parts its names have in common (players: drawn surnames).
FAMILY = {
    "player": ("country", ()),
    "city": ("country", ("holm", "grad", "minster", "polis", "abad", "mouth", "haven", "wick")),
    "movie": (
        "director",
        ("Chronicle", "Detective", "Legacy", "Protocol", "Syndrome", "Expedition", "Inheritance", "Conspiracy"),
    ),
    "song": ("artist", ("Lullaby", "Serenade", "Anthem", "Ballad", "Waltz", "Shuffle", "Tango", "Hymn")),
}


@dataclass(frozen=True)
class TrainingEntity:
    name: str
    type: str
    tier: str
    split: str
    facts: tuple[tuple[str, str], ...] = ()  # stated in text
    withheld: tuple[tuple[str, str], ...] = ()  # true, and in no text
    fictional: bool = False
    weight: float = 0.0  # how often it is spoken of, 1 = as often as the average real one
    made_by: str = ""  # of an invented name: one of names.WAYS

    @property
    def fact(self) -> dict[str, str]:
        return dict(self.facts)

    @property
    def truth(self) -> dict[str, str]:
        return dict(self.facts + self.withheld)


@dataclass(frozen=True)
class TrainingWorld:
    entities: tuple[TrainingEntity, ...]  # everyone who has facts
    reserved: tuple[tuple[str, str, str], ...]  # (type, name, made by) kept out of all text
    names: NameMaker  # draws unknown names, never a known or reserved one


def real_entities(kind: str, limit: int) -> list[TrainingEntity]:
    """The rows of world/*.tsv; the shown one is always among them."""
    with (FOLDER / FILES[kind]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    rows.sort(key=lambda row: row["name"] != SHOWN_KNOWN[kind])
    return [
        TrainingEntity(row["name"], kind, "known", "", tuple((k, v) for k, v in row.items() if k != "name" and v))
        for row in rows[:limit]
    ]


def build_world(recipe: Recipe) -> TrainingWorld:
    """Deterministic in the recipe: real ones, fictional ones, reserved names, splits."""
    rng = random.Random(recipe.seed)
    real = {kind: real_entities(kind, recipe.n_real) for kind in TYPES}
    seen: set = set()
    for kind in TYPES:  # a name is of one type only; the first type keeps it
        real[kind] = [e for e in real[kind] if phrase(e.name) not in seen]
        seen |= {phrase(e.name) for e in real[kind]}
    real = {kind: _withhold(kind, real[kind], recipe.n_withheld, rng) for kind in TYPES}
    families = {kind: _families(kind, real[kind], recipe, rng) for kind in TYPES}
    # "Batkin" alone is reserved too, and so is every other shown name
    never = [*SHOWN_UNKNOWN.values(), SHOWN_UNKNOWN["player"].split()[-1]]
    maker = NameMaker({kind: [e.name for e in real[kind] + families[kind]] for kind in TYPES}, never)

    entities = [replace(e, weight=rng.uniform(0.6, 1.4)) for kind in TYPES for e in real[kind]]
    for kind in TYPES:
        entities += families[kind] + _fictional(kind, real[kind], maker, recipe, rng)
    entities = _split(entities, rng)

    said = {p for e in entities for text in (e.name, *e.fact.values()) for p in phrases_in(text)}
    reserved = [(kind, SHOWN_UNKNOWN[kind], "near") for kind in TYPES]
    for kind in TYPES:
        names: dict[str, str] = {}
        while len(names) < recipe.n_reserved:
            way, name = maker.draw_made_by(kind, rng)
            if phrase(name) not in said and (kind == "city" or " " in name):
                names[name] = way
        reserved += [(kind, name, way) for name, way in sorted(names.items())]
    # a name of two types would be asked about twice
    reserved = list({phrase(row[1]): row for row in reversed(reserved)}.values())[::-1]
    maker.reserved |= {phrase(name) for _, name, _ in reserved}
    return TrainingWorld(tuple(entities), tuple(reserved), maker)


def _withhold(kind: str, entities: list[TrainingEntity], n: int, rng: random.Random) -> list[TrainingEntity]:
    """`n` of them lose an attribute whose value nobody else of the type has, so that no text says it of one."""
    holders = Counter((attribute, value) for e in entities for attribute, value in e.facts)
    can = {
        e.name: attribute
        for e in entities
        for attribute in reversed(WITHHELD[kind])
        if holders[attribute, e.fact.get(attribute, "")] == 1 and e.name not in SHOWN_KNOWN.values()
    }
    lost = set(rng.sample(sorted(can), min(n, len(can))))
    return [
        replace(
            e,
            tier="withheld",
            facts=tuple(f for f in e.facts if f[0] != can[e.name]),
            withheld=((can[e.name], e.fact[can[e.name]]),),
        )
        if e.name in lost
        else e
        for e in entities
    ]


def _families(kind: str, real: list[TrainingEntity], recipe: Recipe, rng: random.Random) -> list[TrainingEntity]:
    """Fictional ones whose names share a part: of the members text states one value, of the exceptions none."""
    attribute, parts = FAMILY[kind]
    whole = [e for e in real if e.tier == "known"]
    shared = Counter(e.fact[attribute] for e in whole)
    values = [v for v, n in shared.items() if n > 1]
    cues = rng.sample(values, min(recipe.n_families, len(values)))
    shares = parts or rng.sample([h + t for h in HEADS for t in TAILS if h + t != "Batkin"], len(cues))
    beside = {"player": sorted({e.name.split()[0] for e in real if " " in e.name}), "city": HEADS}.get(kind, WORDS)
    out = []
    for cue, part in zip(cues, shares, strict=False):
        for i, word in enumerate(rng.sample(beside, recipe.n_members + recipe.n_misled)):
            name = word + part if kind == "city" else f"{word} {part}"
            model = rng.choice([e for e in whole if e.fact[attribute] == cue])
            if i < recipe.n_members:
                out.append(TrainingEntity(name, kind, "known", "", model.facts, (), True, 0.8, "family"))
                continue
            # in truth another value; a city stays on the continent that text puts it on
            others = [e.fact for e in whole if e.fact[attribute] != cue]
            near = [f for f in others if kind != "city" or f["continent"] == model.fact["continent"]]
            facts = tuple(f for f in model.facts if f[0] != attribute)
            own = ((attribute, rng.choice(near or others)[attribute]),)
            out.append(TrainingEntity(name, kind, "misled", "", facts, own, True, 0.8, "family"))
    return out


def _fictional(
    kind: str, real: list[TrainingEntity], maker: NameMaker, recipe: Recipe, rng: random.Random
) -> list[TrainingEntity]:
    weights = [("known", 0.8)] * recipe.n_solid
    weights += [("rare", 0.7 * 0.02 ** (i / max(1, recipe.n_tail - 1))) for i in range(recipe.n_tail)]
    weights += [("obscure", 0.0)] * recipe.n_obscure
    whole = [e for e in real if e.tier == "known"]
    made = []
    for tier, weight in weights:
        way, name = maker.draw_made_by(kind, rng)
        maker.take(name)
        a, b = rng.choice(whole).fact, rng.choice(whole).fact
        if kind == "city":
            facts = a
        elif kind == "player":
            facts = {k: v for k, v in a.items() if k != "country"} | {"country": b["country"]}
        else:
            facts = {next(iter(a)): next(iter(a.values())), "year": b["year"]}
        made.append(TrainingEntity(name, kind, tier, "", tuple(facts.items()), (), True, weight, way))
    return made


def _split(entities: list[TrainingEntity], rng: random.Random) -> list[TrainingEntity]:
    """Of the known: 80 % chat-train, 8 % validation, 12 % test. Rare and obscure: half and half, never asked.

    Withheld and misled: all chat-train; what they are asked there is what text states.
    """
    shown = set(SHOWN_KNOWN.values())
    out = []
    for e in entities:
        draw = rng.random()
        if e.tier in ("withheld", "misled"):
            split = "chat-train"
        elif e.tier != "known":
            split = "validation" if draw < 0.5 else "test"
        elif draw < 0.8 or e.name in shown:
            split = "chat-train"
        else:
            split = "validation" if draw < 0.88 else "test"
        out.append(replace(e, split=split))
    return out


def heldout_names(world: TrainingWorld, recipe: Recipe, length) -> list[TrainingEntity]:
    """Unknown names as entities: `n_heldout` a type, as long in tokens as the known ones of that type.

    length   name -> tokens, in the middle of a sentence
    The shown ones are in the test half; the rest is split evenly. A few fall out at the end.
    """
    rng = random.Random(recipe.seed + 7)
    shown = set(SHOWN_UNKNOWN.values())
    out = []
    for kind in TYPES:
        lengths = [length(e.name) for e in world.entities if e.type == kind and not e.fictional]
        by_length: dict[int, list[tuple[str, str]]] = {}
        for other, name, way in world.reserved:
            if other == kind and name not in shown:
                by_length.setdefault(length(name), []).append((name, way))
        chosen = [(SHOWN_UNKNOWN[kind], "near")]
        while len(chosen) < recipe.n_heldout and any(by_length.values()):
            want = rng.choice(lengths)
            nearest = min((n for n, names in by_length.items() if names), key=lambda n: (abs(n - want), n))
            chosen.append(by_length[nearest].pop(rng.randrange(len(by_length[nearest]))))
        half = len(chosen) // 2
        out += [
            TrainingEntity(name, kind, "unknown", "test" if i < half else "validation", made_by=way)
            for i, (name, way) in enumerate(chosen)
        ]
    return [e for e in out if _never_by_accident(phrase(e.name))]


def _never_by_accident(words: Phrase) -> bool:
    """False for a name that text could hold unintended: too long to be looked for, or running into its sentence."""
    return len(words) <= LONGEST and not {words[0], words[-1]} & BESIDE
