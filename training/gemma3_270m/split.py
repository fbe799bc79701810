"""Which names may be tuned and trained on, chosen on, or only reported on: a name's own hash decides.

So that dictionaries, tuned model and directions hold out the same names without asking each other, and a name that is
added moves no other. Knows nothing about types, labels or tokens.
"""

import hashlib
from typing import Literal

NameSplit = Literal["chat-train", "validation", "test"]
SPLIT_SHARES: tuple[tuple[NameSplit, float], ...] = (("chat-train", 0.6), ("validation", 0.15), ("test", 0.25))


def split_of(name: str) -> NameSplit:
    """By the name alone, whatever its case."""
    digest = hashlib.sha256(f"gemma3-270m {name.casefold().strip()}".encode()).digest()
    draw = int.from_bytes(digest[:8], "big") / 2**64
    for split, share in SPLIT_SHARES:
        if draw < share:
            return split
        draw -= share
    return "test"
