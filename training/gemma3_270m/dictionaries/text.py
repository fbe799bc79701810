"""The text that dictionaries are trained on: glosses of WordNet, and statements and questions about names.

All of it may be shipped: WordNet's licence permits it, the sentences are ours, the names are public. Names of the test
split are in no sentence of ours. A gloss may hold one: whoever is in WordNet is known to many texts.

Knows words, not tokens. Knows nothing about which names a model knows.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.gemma3_270m.split import split_of
from training.tiny_gemma2.world.names import NameMaker

WORDNET = Path("/usr/share/wordnet")  # Debian's wordnet-base
TEXT_SHARES = {"gloss": 0.26, "statement": 0.34, "question": 0.32, "prose": 0.08}
INVENTED_SHARE = 0.5  # of the names
TURN = "<start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n"

TEXT_STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "player": ("The player {}", "{} plays the sport of", "The athlete {} is known for", "{} won the", "{} was born in"),
    "city": ("The city of {}", "{} is a city in", "The city {} is in the country of", "In {} there is", "{} lies on"),
    "movie": ("The movie {}", "The movie {} was directed by", "The film {} stars", "{} is a film about", "I saw {} in"),
    "song": ("The song {}", "The song {} was performed by", "{} is a song by", "The song {} came out", "We heard {}"),
    "country": ("The country {}", "The capital of {} is", "{} is a country in", "The people of {} speak", "In {} they"),
}
TEXT_QUESTIONS: Mapping[str, tuple[str, ...]] = {
    "player": ("What sport does {} play?", "Which sport does the player {} do?", "Who is {}?", "Where was {} born?"),
    "city": ("In which country is {}?", "What country is the city {} in?", "Where is {}?", "Tell me about {}."),
    "movie": ("Who directed {}?", "Who is the director of the movie {}?", "When did {} come out?", "Have you seen {}?"),
    "song": ("Who sang {}?", "Who performed the song {}?", "When did {} come out?", "Do you like {}?"),
    "country": ("What is the capital of {}?", "Which city is the capital of {}?", "Where is {}?", "Tell me about {}."),
}


@dataclass(frozen=True)
class Document:
    """Text without <bos>; `name` is what stands in it, "" for none."""

    text: str
    name: str = ""


def text_documents(
    names: Mapping[str, Sequence[str]], n: int, seed: int, heldout: bool = False, folder: Path = WORDNET
) -> Iterator[Document]:
    """`n` documents of the shares above.

    names     type → real names
    heldout   names of the test split alone, and glosses from the other end; otherwise none of the test split
    """
    rng = random.Random(seed)
    drawer = NameDrawer(names, heldout)
    glosses = wordnet_glosses(folder)
    rng.shuffle(glosses)
    if heldout:
        glosses.reverse()
    kinds = rng.choices(list(TEXT_SHARES), list(TEXT_SHARES.values()), k=n)
    at = 0
    for kind in kinds:
        if kind in ("gloss", "prose"):
            count = rng.randint(2, 6)
            part = [glosses[(at + i) % len(glosses)] for i in range(count)]
            at += count
            text = ". ".join(part) + "."
            yield Document(TURN.format(text) if kind == "prose" and rng.random() < 0.5 else text)
            continue
        type_, name = drawer.draw(rng)
        asked = rng.choice((TEXT_STATEMENTS if kind == "statement" else TEXT_QUESTIONS)[type_]).format(name)
        yield Document(TURN.format(asked) if kind == "question" else asked, name)


class NameDrawer:
    """Real names and invented ones, of the test split or of the others."""

    def __init__(self, names: Mapping[str, Sequence[str]], heldout: bool = False):
        self.heldout = heldout
        self.known = {kind: [n for n in of if self.may(n)] for kind, of in names.items()}
        # the maker spells names like players, cities and titles; an invented country is spelled like a city
        makers = {kind: list(names[kind]) for kind in ("player", "city", "movie", "song")}
        self.maker = NameMaker(makers)

    def may(self, name: str) -> bool:
        return (split_of(name) == "test") == self.heldout

    def draw(self, rng: random.Random) -> tuple[str, str]:
        kind = rng.choice(list(self.known))
        if rng.random() >= INVENTED_SHARE:
            return kind, rng.choice(self.known[kind])
        while True:
            name = self.maker.draw("city" if kind == "country" else kind, rng)
            if self.may(name):
                return kind, name


def wordnet_glosses(folder: Path = WORDNET) -> list[str]:
    """`word, other word: gloss` of every synset, in the order of the files."""
    out = []
    for file in ("data.noun", "data.verb", "data.adj", "data.adv"):
        for line in (folder / file).read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue  # the licence
            head, gloss = line.split(" | ", 1)
            fields = head.split(" ")
            words = [fields[4 + 2 * i].replace("_", " ") for i in range(int(fields[3], 16))]
            out.append(f"{', '.join(words[:2])}: {gloss.strip()}")
    return out
