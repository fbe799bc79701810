"""Names with the base's own label, and the rows in which a model reads them.

Knows labels and questions. Knows nothing about activations or what is found there.
"""

import json
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.gemma3_270m.dictionaries.activations import TokenRow, token_rows
from training.gemma3_270m.dictionaries.text import TURN, Document
from training.gemma3_270m.split import NameSplit, split_of


@dataclass(frozen=True)
class Named:
    """`tier` by the base's own answers; "unknown": invented."""

    name: str
    type: str
    tier: str
    truth: str = ""

    @property
    def split(self) -> NameSplit:
        return split_of(self.name)


def labelled_names(labels: Path, invented: Iterable[tuple[str, str]]) -> list[Named]:
    """labels: labels.json. invented: (name, type)."""
    rows = json.loads(labels.read_text())
    real = [Named(row["name"], row["type"], row["tier"], row["truth"]) for row in rows]
    return real + [Named(name, kind, "unknown") for name, kind in invented]


def asked(
    tokenizer, names: Sequence[Named], questions: dict[str, tuple[str, ...]], seed: int, chat: bool = True
) -> list[TokenRow]:
    """A question a name, up to where the answer begins; chat: in the turn template. `last` is the name's last token."""
    rng = random.Random(seed)
    texts = [rng.choice(questions[one.type]).replace("{e}", one.name) for one in names]
    pairs = zip(texts, names, strict=True)
    return list(token_rows(tokenizer, [Document(TURN.format(t) if chat else t, n.name) for t, n in pairs]))


def sampled_names(names: Iterable[Named], n: int, seed: int) -> list[Named]:
    """At most n of each type."""
    by_type: dict[str, list[Named]] = {}
    for one in names:
        by_type.setdefault(one.type, []).append(one)
    rng = random.Random(seed)
    return [one for kind in sorted(by_type) for one in rng.sample(by_type[kind], min(n, len(by_type[kind])))]
