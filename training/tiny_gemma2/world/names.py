"""Names that belong to nobody: the generators of unknown (and fictional) names.

Knows the words that known names are made of. Knows nothing about facts,
documents or tokens; token lengths reach it as a function.

Three ways to make a name, so that no single cue gives it away:
recombined  parts of two known names, cut at a word boundary; cities inside a word
near        a known name with one part replaced
new         with a part that no known name has: a spliced or syllabic word, an unused title word
"""

import random
from collections.abc import Callable, Iterable
from itertools import pairwise

HEADS = (
    "Bat Kor Fen Hal Mar Dor Vel Tam Lin Bro Gar Sel Pet Wil Tor Nar Cas Rud Har Mon "
    "Sten Kal Ber Dun Lor Pas Ren Sil Tur Var Wes Zol Bel Cor Del Fal Gol Hem Jor Lam"
).split()
TAILS = (
    "kin ton ley man ski berg son dez ova ini ard well ham sen ric vic ner lund "
    "mann etti eira ado anov ich quist by der field more wood ez ian ut el"
).split()
FIRSTS = (
    "Adrian Alan Albert Ben Bruno Carl Clara Colin Daniela Dario Edgar Elena Emil Erik Felix Fiona "
    "Gary Gerald Glenn Hannah Hugo Igor Ivan Jack Jonas Julia Keith Laura Leon Marta Max Mia Neil "
    "Nina Oliver Oscar Paula Peter Philip Ralph Rita Rosa Sam Sara Simon Stefan Theo Vera Walter"
).split()
WORDS = (
    "Paper Silver Hollow Copper Winter Garden Mirror Velvet Thunder Lantern Orchid Harbor Crystal Shadow "
    "Whisper Marble Circus Ember Feather Canyon Compass Desert Echo Falcon Glass Horizon Island Jungle Kettle "
    "Ladder Meadow Needle Ocean Pepper Quarry Ribbon Saddle Tunnel Umbrella Violet Willow Yellow Zebra Anchor "
    "Basket Candle Drum Engine Forest Ghost Hammer Iron Jacket Kingdom Lemon Mountain Nectar Opera Pirate Raven"
).split()
PREFIXES = "New San Saint Port Cape Santa".split()
# words that sentences put beside a name: "Have you heard of | Anchor" is not about a film "Of Anchor"
BESIDE = frozenset(
    "of is it on does did was directed made sang performed by know asked mentioned say short that about in play "
    "plays played from come comes came this my i i'm our do there here who what which when where".split()
)
WAYS = ("recombined", "near", "new")
SMALL_WORDS = frozenset("the a an of and to in for with or by at from".split())
VOWELS = set("aeiouyáéíóúäöüãõêô")

Phrase = tuple[str, ...]
LONGEST = 6  # words of a phrase that is looked for


def phrase(text: str) -> Phrase:
    """Words of `text`, lower case, without the punctuation at their edges."""
    return tuple(word for raw in text.lower().split() if (word := raw.strip(".,?!:;\"'()")))


def phrases_in(text: str, longest: int = LONGEST) -> set[Phrase]:
    """All runs of up to `longest` neighbouring words."""
    words = phrase(text)
    return {words[i:j] for i in range(len(words)) for j in range(i + 1, min(i + longest, len(words)) + 1)}


class NameMaker:
    """Draws names that are nobody's.

    known      type -> names whose parts are used
    reserved   phrases that no drawn name may contain (the held-out names)
    """

    def __init__(self, known: dict[str, list[str]], reserved: Iterable[str] = ()):
        self.known = known
        self.taken = {phrase(name) for names in known.values() for name in names}
        self.reserved = {phrase(name) for name in reserved}
        self.firsts = [n.split(" ", 1)[0] for n in known["player"] if " " in n]
        self.lasts = [n.split(" ", 1)[1] for n in known["player"] if " " in n]
        self.single = {t: sum(" " not in n for n in names) / max(1, len(names)) for t, names in known.items()}

    def take(self, name: str) -> None:
        """From now on `name` is somebody's."""
        self.taken.add(phrase(name))

    def allows(self, name: str) -> bool:
        words = phrase(name)
        clumsy = words[-1] in SMALL_WORDS or any(a == b for a, b in pairwise(words))
        return not clumsy and words not in self.taken and not (phrases_in(name) & self.reserved)

    def draw(self, kind: str, rng: random.Random, length: Callable[[str], int] | None = None, want: int = 0) -> str:
        """A name of type `kind`; with `length`, of `want` tokens if eight tries find one."""
        return self.draw_made_by(kind, rng, length, want)[1]

    def draw_made_by(
        self, kind: str, rng: random.Random, length: Callable[[str], int] | None = None, want: int = 0
    ) -> tuple[str, str]:
        """(one of WAYS, name), as `draw`."""
        way, name = "", ""
        for _ in range(8 if length else 1):
            way, name = self._allowed(kind, rng)
            if length is None or length(name) == want:
                break
        return way, name

    def _allowed(self, kind: str, rng: random.Random) -> tuple[str, str]:
        make = {"player": self._player, "city": self._city}.get(kind, self._title)
        while True:
            way, name = make(kind, rng)
            if self.allows(name):
                return way, name

    def _player(self, kind: str, rng: random.Random) -> tuple[str, str]:
        if rng.random() < self.single[kind]:
            return "new", splice(rng.choice(self.firsts), rng.choice(self.lasts).split()[-1], rng)
        way = rng.random()
        if way < 0.4:
            return "recombined", f"{rng.choice(self.firsts)} {rng.choice(self.lasts)}"
        if way < 0.7:
            *before, last = rng.choice(self.known[kind]).split()
            return "near", " ".join([*before, splice(last, rng.choice(self.lasts).split()[-1], rng)])
        first = rng.choice(self.firsts) if way < 0.9 else rng.choice(FIRSTS)
        return "new", f"{first} {rng.choice(HEADS)}{rng.choice(TAILS)}"

    def _city(self, kind: str, rng: random.Random) -> tuple[str, str]:
        a, b = rng.choice(self.known[kind]).split(), rng.choice(self.known[kind]).split()
        way = rng.random()
        if way < 0.25:
            near = splice(a[-1], b[-1], rng) if len(a) == 1 or rng.random() < 0.5 else b[-1]
            return "near", " ".join([*a[:-1], near])
        if way < 0.35:
            return "new", f"{rng.choice(PREFIXES)} {splice(a[-1], b[-1], rng)}"
        if way < 0.45:
            return "new", rng.choice(HEADS) + rng.choice(TAILS)
        return "recombined", splice(a[-1], b[-1], rng)

    def _title(self, kind: str, rng: random.Random) -> tuple[str, str]:
        a, b = rng.choice(self.known[kind]).split(), rng.choice(self.known[kind]).split()
        way = rng.random()
        if way < 0.5 and len(a) + len(b) > 2:
            halves = a[: rng.randint(1, max(1, len(a) - 1))] + b[-rng.randint(1, max(1, len(b) - 1)) :]
            return "recombined", " ".join(halves)
        if way < 0.75:
            a[rng.randrange(len(a))] = rng.choice(b).capitalize()
            return "near", " ".join(a)
        if way < 0.92:
            pair = [rng.choice(WORDS), rng.choice(b)]
            rng.shuffle(pair)
            return "new", " ".join(pair).title() if pair[0].islower() else " ".join(pair)
        return "new", " ".join(rng.sample(WORDS, 1 if rng.random() < self.single[kind] else 2))


def splice(a: str, b: str, rng: random.Random) -> str:
    """The beginning of `a` with the end of `b`, joined where a vowel meets a consonant."""
    cuts = [
        (i, j)
        for i in range(2, max(3, len(a)))
        for j in range(1, len(b) - 1)
        if (a[i - 1 : i].lower() in VOWELS) != (b[j].lower() in VOWELS) and 4 <= i + len(b) - j <= 10
    ]
    if not cuts:
        return (a[:3] + b[-3:]).capitalize()
    i, j = rng.choice(cuts)
    return a[:i] + b[j:].lower()
